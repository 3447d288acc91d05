"""llama.cpp's own server, as PyPI's `xllamacpp` carries it, in a process of its own.

Default settings but for the length of the context, greedy choice and as many threads as ours. It
says itself how many tokens of a prompt it evaluated.
"""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, cast

from nemotron_agent.cli.benches.shipped import shipped_tools
from nemotron_agent.cli.benches.sides.call_schema import (
    as_entries,
    as_message,
    call_grammar,
)
from nemotron_agent.cli.benches.sides.side import (
    MAX_REPLY_TOKENS,
    MAX_THINKING_TOKENS,
    TEMPERATURE,
    SideReply,
)
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.endpoint_messages import tool_entries

HOW_TO_INSTALL = 'pip install -r requirements/bench.txt'
WAIT_SEC = 600
PROBE_TOKENS = 8


def server_is_here() -> bool:
    """Whether the package that carries the server is installed."""
    return importlib.util.find_spec('xllamacpp') is not None


class ServerProcess:
    """The server and its HTTP interface.

    Attributes:
        sleeps: whether its threads sleep while they wait for each other.
    """

    def __init__(self, path: Path, n_ctx: int, n_threads: int, *, sleeps: bool = False) -> None:
        """Start and wait until it listens.

        Args:
            path: model file.
            n_ctx: tokens its context holds.
            n_threads: threads it computes with.
            sleeps: whether its threads sleep while they wait for each other, as ours do; by
                default they spin.

        Raises:
            EvaluationError: it does not start.
        """
        self.sleeps = sleeps
        environment = {**os.environ, 'OMP_WAIT_POLICY': 'PASSIVE'}
        if not sleeps:
            del environment['OMP_WAIT_POLICY']
        self._log: IO[str] = tempfile.TemporaryFile('w+', encoding='utf-8', errors='replace')
        module = 'nemotron_agent.cli.benches.sides.server_process'
        self._process = subprocess.Popen(
            [sys.executable, '-m', module, str(path), str(n_ctx), str(n_threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            text=True,
        )
        assert self._process.stdout is not None
        self._address = self._process.stdout.readline().strip()
        if not self._address.startswith('http'):
            self.close()
            raise EvaluationError(f"llama.cpp's server does not start: {self._last_words()}")

    def post(self, route: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask it for something.

        Raises:
            EvaluationError: it refuses.
        """
        request = urllib.request.Request(
            self._address + route,
            json.dumps(body).encode(),
            {'Content-Type': 'application/json'},
        )
        try:
            with urllib.request.urlopen(request, timeout=WAIT_SEC) as answer:
                return cast(dict[str, Any], json.load(answer))
        except urllib.error.HTTPError as error:
            text = error.read().decode('utf-8', 'replace')
            raise EvaluationError(f"llama.cpp's server refuses {route}: {text}") from error

    def tokenize(self, text: str) -> list[int]:
        """Tokens of a text with special tokens in it."""
        answer = self.post('/tokenize', {'content': text, 'parse_special': True})
        return [int(token) for token in answer['tokens']]

    def free_token_sec(self, prompt: list[int], n_tokens: int) -> float:
        """Seconds for a token of free text, once a prompt is read."""
        body = {
            'prompt': prompt,
            'temperature': TEMPERATURE,
            'n_predict': n_tokens,
            'ignore_eos': True,
        }
        timings = self.post('/completion', body)['timings']
        return float(timings['predicted_per_token_ms']) / 1e3

    def close(self) -> None:
        """End it; may be called twice."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _last_words(self) -> str:
        self._log.seek(0)
        return self._log.read().strip()[-400:] or f'status {self._process.returncode}'


def quicker_server(path: Path, n_ctx: int, n_threads: int) -> ServerProcess:
    """The server whose threads wait in the way that is quicker here and now.

    Where cores are idle that is to spin, its default; where they are not, to sleep.
    """
    seconds = {}
    for sleeps in (True, False):
        with contextlib.closing(ServerProcess(path, n_ctx, n_threads, sleeps=sleeps)) as process:
            prompt = process.tokenize('Go to the kitchen.')
            process.free_token_sec(prompt, PROBE_TOKENS)  # the weights are read
            seconds[sleeps] = process.free_token_sec(prompt, PROBE_TOKENS)
    sleeps = seconds[True] < seconds[False]
    return ServerProcess(path, n_ctx, n_threads, sleeps=sleeps)


class ServerSide:
    """A `Side`."""

    name = 'server'

    def __init__(self, path: Path, n_ctx: int, n_threads: int) -> None:
        self._process = ServerProcess(path, n_ctx, n_threads, sleeps=True)
        self.tools = shipped_tools()
        self._grammars = {
            thinking: call_grammar(self.tools, thinking=thinking) for thinking in (False, True)
        }
        self._request: dict[str, Any] = {
            'tools': tool_entries(self.tools),
            'tool_choice': 'none',  # they are in the prompt; the reply follows the grammar
            'temperature': TEMPERATURE,
        }

    def reply(
        self, conversation_id: str, messages: Sequence[Message], *, thinking: bool
    ) -> SideReply:
        """Go on with a conversation; the server finds itself where that was."""
        body = {
            **self._request,
            'messages': as_entries(messages),
            'chat_template_kwargs': {'enable_thinking': thinking},
            'max_tokens': MAX_REPLY_TOKENS + (MAX_THINKING_TOKENS if thinking else 0),
            'grammar': self._grammars[thinking],
            'logprobs': True,  # for the tokens of the reply
        }
        prompt = self._process.tokenize(self._process.post('/apply-template', body)['prompt'])
        answer = self._process.post('/v1/chat/completions', body)
        choice, timings = answer['choices'][0], answer['timings']
        assert timings['prompt_n'] + timings['cache_n'] == len(prompt)
        written = [int(token['id']) for token in choice['logprobs']['content']]
        said = choice['message']
        return SideReply(
            as_message(said.get('content') or '', said.get('reasoning_content') or ''),
            prompt,
            [*prompt, *written[:-1]],
            timings['prompt_n'],
        )

    def close(self) -> None:
        """End the process; may be called twice."""
        self._process.close()

"""An OpenAI-compatible endpoint on this machine, that gives listed answers in turn."""

import dataclasses
import json
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

from nemotron_agent.testing.local_server import LocalServer

MODELS: Mapping[str, Any] = {'object': 'list', 'data': [{'id': 'listed', 'object': 'model'}]}


@dataclasses.dataclass(frozen=True)
class Listed:
    """An answer: its status, and what it holds, as text or as JSON."""

    content: Any
    status: int = 200

    @property
    def body(self) -> bytes:
        """What is sent."""
        text = self.content if isinstance(self.content, str) else json.dumps(self.content)
        return text.encode()


def says(text: str, finish_reason: str = 'stop', **more: Any) -> Listed:
    """Make an answer in free text; `more` goes beside its choices."""
    return _answer({'role': 'assistant', 'content': text}, finish_reason, **more)


def calls(*written: tuple[str, Any], finish_reason: str = 'tool_calls', text: str = '') -> Listed:
    """Make an answer that calls tools, by name and arguments; text is sent as it is."""
    tool_calls = [
        {
            'id': f'call_{number}',
            'type': 'function',
            'function': {
                'name': name,
                'arguments': arguments if isinstance(arguments, str) else json.dumps(arguments),
            },
        }
        for number, (name, arguments) in enumerate(written)
    ]
    message = {'role': 'assistant', 'content': text or None, 'tool_calls': tool_calls}
    return _answer(message, finish_reason)


def refuses(status: int, message: str = '', **error: Any) -> Listed:
    """Make an error."""
    return Listed({'error': {'message': message, **error}}, status)


class ListedEndpoint(LocalServer):
    """Serves chat completions; used with `with`.

    Args:
        answers: what to answer to each chat completion; the last one stays.

    Attributes:
        models: answer to a request for the list of models.
        properties: likewise for what llama.cpp's server says of itself.
        bodies: the chat completions that were asked for, in order.
        keys: the key of every request.
        hangs: a chat completion is not answered; what the client does ends it.
        hung_up: set when a client closes the connection of one that is not answered.
        asked: set by each chat completion.
    """

    def __init__(self, answers: Iterable[Listed] = ()) -> None:
        self.models = Listed(MODELS)
        self.properties = refuses(404, 'File Not Found')
        self.bodies: list[Any] = []
        self.keys: list[str] = []
        self.hangs = False
        self.hung_up = threading.Event()
        self.asked = threading.Event()
        self.answers = list(answers)
        endpoint = self

        class Handler(_Handler):
            def __init__(self, *args: Any) -> None:
                self.endpoint = endpoint
                super().__init__(*args)

        super().__init__(Handler)

    @property
    def url(self) -> str:
        """Base address."""
        return f'{self.address}/v1'


class _Handler(BaseHTTPRequestHandler):
    endpoint: ListedEndpoint

    def do_GET(self) -> None:  # noqa: N802
        self._note_key()
        if self.path == '/v1/models':
            self._send(self.endpoint.models)
        elif self.path == '/props':
            self._send(self.endpoint.properties)
        else:
            self._send(refuses(404, 'File Not Found'))

    def do_POST(self) -> None:  # noqa: N802
        endpoint = self.endpoint
        self._note_key()
        body = self.rfile.read(int(self.headers['Content-Length']))
        endpoint.bodies.append(json.loads(body))
        endpoint.asked.set()
        if endpoint.hangs:
            self.rfile.read(1)
            endpoint.hung_up.set()
            self.close_connection = True
        elif self.path == '/v1/chat/completions' and endpoint.answers:
            more = len(endpoint.answers) > 1
            self._send(endpoint.answers.pop(0) if more else endpoint.answers[0])
        else:
            self._send(refuses(404, 'File Not Found'))

    def _note_key(self) -> None:
        self.endpoint.keys.append(self.headers.get('Authorization', ''))

    def _send(self, answer: Listed) -> None:
        body = answer.body
        self.send_response(answer.status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def _answer(message: Mapping[str, Any], finish_reason: str, **more: Any) -> Listed:
    choice = {'index': 0, 'message': message, 'finish_reason': finish_reason}
    return Listed({'object': 'chat.completion', 'choices': [choice], **more})

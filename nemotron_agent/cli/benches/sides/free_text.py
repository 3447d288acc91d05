"""Free text by our engine that does not end before it is to."""

import dataclasses
import time
from collections.abc import Mapping

from nemotron_agent.core.chat_model import ReplyProtocol
from nemotron_agent.llm.generation import Generation
from nemotron_agent.llm.llama_worker import LlamaWorker
from nemotron_agent.llm.sampling import Randomness, Sampler
from nemotron_agent.llm.token_stream import TokenStream
from nemotron_agent.llm.vocabulary import Vocabulary


class EndlessVocabulary:
    """A `Vocabulary` in which no token ends a generation."""

    end_tokens: frozenset[int] = frozenset()

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.special_texts: Mapping[int, str] = vocabulary.special_texts
        self.adds_bos = vocabulary.adds_bos
        self.bos = vocabulary.bos

    def tokenize(self, text: str) -> list[int]:
        """Tokens of a text."""
        return self._vocabulary.tokenize(text)

    def piece(self, token: int, special: bool = True) -> bytes:
        """Bytes a token stands for."""
        return self._vocabulary.piece(token, special)


class OurFreeText:
    """What a reply in free text goes through: stream, sampler, text, progress."""

    def __init__(self, worker: LlamaWorker) -> None:
        self._worker = worker
        self._rules = dataclasses.replace(
            worker.rules,
            protocol=ReplyProtocol.NATIVE,
            vocabulary=EndlessVocabulary(worker.rules.vocabulary),
            think_begin=None,
            think_end=None,
        )

    def write(self, prompt: list[int], n_tokens: int) -> float:
        """Read a prompt, then go on with the likeliest tokens; return the seconds of that."""
        state = self._worker.state
        state.restore_prefix(prompt)
        state.evaluate(prompt[state.n_resident :])
        started = time.perf_counter()
        sampler = Sampler(Randomness(), Randomness(), seed=0)
        stream = TokenStream(list(prompt), state, sampler, self._worker.n_ctx)
        generation = Generation(self._rules, stream, (), lambda progress: None)
        generation.run(n_tokens, 0, thinking=False, opens_thinking=False)
        duration_sec = time.perf_counter() - started
        assert stream.n_generated == n_tokens
        return duration_sec

"""The vocabulary of a loaded model: text to tokens and back."""

import ctypes
import functools
import warnings
from collections.abc import Sequence
from typing import Any

import llguidance

from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.llm.llama_log import LLAMA_LOG
from nemotron_agent.llm.llama_runtime import llama_cpp, lltokenizer_from_vocab

_SPECIAL = (
    llama_cpp.LLAMA_TOKEN_ATTR_CONTROL
    | llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED
    | llama_cpp.LLAMA_TOKEN_ATTR_UNKNOWN
)


@functools.cache
def _array_type(bits: int) -> Any:
    """An array of tokens. ctypes makes a class for each length: these are few, and are kept."""
    return llama_cpp.llama_token * (1 << bits)


class LlamaVocabulary:
    """Tokens of a model. Only reads, so any thread may use it while the model is loaded."""

    def __init__(self, model: int) -> None:
        self._vocab = llama_cpp.llama_model_get_vocab(model)
        self.size: int = llama_cpp.llama_vocab_n_tokens(self._vocab)
        self.adds_bos: bool = llama_cpp.llama_vocab_get_add_bos(self._vocab)
        self.bos: int = llama_cpp.llama_vocab_bos(self._vocab)
        self.eos: int = llama_cpp.llama_vocab_eos(self._vocab)
        self._buffer = ctypes.create_string_buffer(1 << 14)

    @functools.cached_property
    def special_texts(self) -> dict[int, str]:
        """Text of every token that tokenising takes as a whole: control tokens and the like."""
        attributes = llama_cpp.llama_vocab_get_attr
        return {
            token: self.text(token)
            for token in range(self.size)
            if attributes(self._vocab, token) & _SPECIAL
        }

    @functools.cached_property
    def end_tokens(self) -> frozenset[int]:
        """Tokens that end a generation."""
        is_end = llama_cpp.llama_vocab_is_eog
        return frozenset(token for token in range(self.size) if is_end(self._vocab, token))

    @functools.cached_property
    def grammar_tokenizer(self) -> 'llguidance.LLTokenizer':
        """The vocabulary as llguidance wants it; takes about a second to make."""
        ends = sorted(self.end_tokens) or [self.eos]
        with warnings.catch_warnings():
            # llguidance 1.9 asks for attributes by a name llama-cpp-python has deprecated.
            warnings.simplefilter('ignore', DeprecationWarning)
            return lltokenizer_from_vocab(self._vocab, eos_token=ends)

    def text(self, token: int) -> str:
        """Text of a token as the vocabulary lists it; empty if there is no such token."""
        if not 0 <= token < self.size:
            return ''
        return str(llama_cpp.llama_vocab_get_text(self._vocab, token).decode('utf-8', 'replace'))

    def single_token(self, text: str) -> int | None:
        """The one special token that `text` is, or None if it takes several."""
        tokens = self.tokenize(text)
        return tokens[0] if len(tokens) == 1 and tokens[0] in self.special_texts else None

    def tokenize(self, text: str) -> list[int]:
        """Tokens of a text; special tokens are recognised, none is added.

        Raises:
            EvaluationError: llama.cpp cannot tokenise it.
        """
        data = text.encode('utf-8', 'replace')
        room = len(data) + 16
        for _ in range(2):
            tokens = _array_type(room.bit_length())()
            count = llama_cpp.llama_tokenize(
                self._vocab, data, len(data), tokens, room, False, True
            )
            if count >= 0:
                return list(tokens[:count])
            room = -count
        raise EvaluationError(f'the prompt cannot be tokenised: {LLAMA_LOG.errors()}')

    def piece(self, token: int, special: bool = True) -> bytes:
        """Bytes a token stands for; control tokens are empty unless `special`."""
        length = llama_cpp.llama_token_to_piece(
            self._vocab, token, self._buffer, len(self._buffer), 0, special
        )
        return self._buffer.raw[: max(length, 0)]

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Text of tokens, special ones included; what is not UTF-8 is replaced."""
        return b''.join(map(self.piece, tokens)).decode('utf-8', 'replace')

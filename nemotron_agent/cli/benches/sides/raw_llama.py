"""llama.cpp with nothing around it: what its low-level interface needs, and no more.

It imports llama_cpp itself, not by way of the engine, so that a process with only this holds
nothing of ours.
"""

import ctypes
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np


class RawLlama:
    """A model and a context with the parameters that the engine would give them."""

    def __init__(
        self, path: Path, *, n_ctx: int, n_ubatch: int, n_sequences: int, n_threads: int
    ) -> None:
        self._quiet = llama_cpp.llama_log_callback(_ignore)
        llama_cpp.llama_log_set(self._quiet, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        of_model = llama_cpp.llama_model_default_params()
        of_model.n_gpu_layers = -1
        self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), of_model)
        of_context = llama_cpp.llama_context_default_params()
        of_context.n_ctx = n_ctx
        of_context.n_batch = of_context.n_ubatch = n_ubatch
        of_context.n_seq_max = of_context.n_outputs_max = n_sequences
        of_context.n_threads = of_context.n_threads_batch = n_threads
        of_context.kv_unified = True
        self._context = llama_cpp.llama_init_from_model(self._model, of_context)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._vocabulary_size = llama_cpp.llama_vocab_n_tokens(
            llama_cpp.llama_model_get_vocab(self._model)
        )
        self._n_ubatch = n_ubatch
        self._n_sequences = n_sequences

    def read(self, tokens: Sequence[int]) -> None:
        """Evaluate tokens from an empty context on."""
        llama_cpp.llama_memory_clear(self._memory, False)
        for start in range(0, len(tokens), self._n_ubatch):
            self._decode(tokens[start : start + self._n_ubatch])

    def write(self, n_tokens: int) -> float:
        """Go on with the likeliest tokens; return the seconds it took."""
        started = time.perf_counter()
        token = self._likeliest()
        for _ in range(n_tokens - 1):
            self._decode([token])
            token = self._likeliest()
        return time.perf_counter() - started

    def fill_sequences(self) -> None:
        """Copy what is evaluated to every sequence, and go on by a token."""
        for sequence in range(1, self._n_sequences):
            llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)
            llama_cpp.llama_memory_seq_cp(self._memory, 0, sequence, -1, -1)
            self._decode([self._likeliest()])

    def close(self) -> None:
        """Free everything; may be called twice."""
        if self._context:
            llama_cpp.llama_free(self._context)
            llama_cpp.llama_model_free(self._model)
            self._context = None

    def _decode(self, tokens: Sequence[int]) -> None:
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        code = llama_cpp.llama_decode(
            self._context, llama_cpp.llama_batch_get_one(array, len(tokens))
        )
        if code != 0:
            raise RuntimeError(f'llama_decode: code {code}')

    def _likeliest(self) -> int:
        pointer = llama_cpp.llama_get_logits_ith(self._context, -1)
        return int(np.argmax(np.ctypeslib.as_array(pointer, shape=(self._vocabulary_size,))))


def _ignore(level: int, text: bytes, user_data: Any) -> None:
    """Drop what llama.cpp logs."""

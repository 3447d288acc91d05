"""llama.cpp's model and context behind a handful of calls."""

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nemotron_agent.core.errors import EvaluationError, ModelFileError
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_log import LLAMA_LOG
from nemotron_agent.llm.llama_runtime import llama_cpp
from nemotron_agent.llm.llama_vocabulary import LlamaVocabulary
from nemotron_agent.llm.sampling import Logits
from nemotron_agent.llm.token_context import Decoded

_KV_TYPES = {
    'f16': llama_cpp.GGML_TYPE_F16,
    'q8_0': llama_cpp.GGML_TYPE_Q8_0,
    'q4_0': llama_cpp.GGML_TYPE_Q4_0,
}
_FLASH_ATTENTION = {
    'auto': llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO,
    'on': llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED,
    'off': llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED,
}
_NO_ROOM, _ABORTED = 1, 2

# llama.cpp asks its abort callback before every node of the graph. A Python callback would wait
# for the interpreter's lock each time; strlen of the flag's bytes is the same answer without it.
_STRLEN = ctypes.cast(ctypes.CDLL(None).strlen, llama_cpp.ggml_abort_callback)


class AbortFlag:
    """Set from any thread, it ends the decode call that is running."""

    def __init__(self) -> None:
        self._bytes = ctypes.create_string_buffer(2)

    @property
    def is_set(self) -> bool:
        """Whether `set` was called."""
        return self._bytes.raw[0] != 0

    def set(self) -> None:
        """End what runs."""
        self._bytes[0] = b'\x01'

    @property
    def address(self) -> ctypes.c_void_p:
        """Where the flag's bytes are."""
        return ctypes.cast(self._bytes, ctypes.c_void_p)


class LlamaModel:
    """A loaded model file; the thread that made it frees it.

    Attributes:
        buffers: what llama.cpp made for its weights.
    """

    def __init__(self, path: Path, n_gpu_layers: int = 0, vocabulary_only: bool = False) -> None:
        """Load a file.

        Raises:
            ModelFileError: missing, not a GGUF, truncated, or of a kind llama.cpp does not know.
        """
        _check_file(path)
        LLAMA_LOG.install()
        LLAMA_LOG.clear()
        llama_cpp.llama_backend_init()
        parameters = llama_cpp.llama_model_default_params()
        parameters.n_gpu_layers = n_gpu_layers
        parameters.vocab_only = vocabulary_only
        self.handle = llama_cpp.llama_model_load_from_file(os.fsencode(path), parameters)
        if not self.handle:
            raise ModelFileError(
                f'llama.cpp cannot load {path}: {LLAMA_LOG.errors() or "it does not say why"}'
            )
        self.buffers = LLAMA_LOG.buffers
        self.vocabulary = LlamaVocabulary(self.handle)
        template = llama_cpp.llama_model_chat_template(self.handle, None)
        self.chat_template = template.decode('utf-8', 'replace') if template else ''

    def close(self) -> None:
        """Free the model; may be called twice."""
        if self.handle:
            llama_cpp.llama_model_free(self.handle)
            self.handle = None


class LlamaContext:
    """A context over a model, used by the one thread that made it.

    Its sequences share the cells of one KV cache, where what they have in common is kept once.

    Attributes:
        n_sequences: how many there are, numbered from 0.
        n_outputs: most tokens of one decode call that may have logits.
        keeps_recurrent_state: whether a sequence can only be extended or dropped, not cut short.
        buffers: what llama.cpp made for it.
    """

    def __init__(self, model: LlamaModel, parameters: EngineParameters) -> None:
        """Allocate.

        Raises:
            EvaluationError: no memory for it, or a combination the backend lacks.
        """
        LLAMA_LOG.clear()
        wanted = llama_cpp.llama_context_default_params()
        wanted.n_ctx = parameters.n_ctx
        wanted.n_batch = max(parameters.n_batch, parameters.slice_tokens)
        wanted.n_ubatch = parameters.slice_tokens
        self.n_sequences = 1 + parameters.snapshot_slots
        wanted.n_seq_max = self.n_sequences
        self.n_outputs = self.n_sequences  # llama.cpp aborts if there are fewer
        wanted.n_outputs_max = self.n_outputs
        wanted.n_threads = wanted.n_threads_batch = parameters.threads
        wanted.type_k = wanted.type_v = _KV_TYPES[parameters.kv_type]
        wanted.flash_attn_type = _FLASH_ATTENTION[parameters.flash_attention]
        wanted.kv_unified = True
        self._handle = llama_cpp.llama_init_from_model(model.handle, wanted)
        if not self._handle:
            raise EvaluationError(
                f'llama.cpp cannot make a context of {parameters.n_ctx} tokens: '
                f'{LLAMA_LOG.errors() or "it does not say why"}; '
                'try a smaller n_ctx or fewer snapshot_slots'
            )
        self.buffers = LLAMA_LOG.buffers
        self._memory = llama_cpp.llama_get_memory(self._handle)
        self.n_ctx: int = llama_cpp.llama_n_ctx(self._handle)
        self.slice_tokens = parameters.slice_tokens
        self.keeps_recurrent_state: bool = llama_cpp.llama_model_is_recurrent(
            model.handle
        ) or llama_cpp.llama_model_is_hybrid(model.handle)
        self._vocabulary_size = model.vocabulary.size
        self._flag = AbortFlag()
        self._batch = llama_cpp.llama_batch_init(self.slice_tokens, 0, 1)
        for i in range(self.slice_tokens):
            self._batch.n_seq_id[i] = 1

    def obey(self, flag: AbortFlag) -> None:
        """Let `flag` abort the decode calls from now on."""
        self._flag = flag
        llama_cpp.llama_set_abort_callback(self._handle, _STRLEN, flag.address)

    @property
    def is_open(self) -> bool:
        """Whether it can be used; not after `close`."""
        return bool(self._handle)

    @property
    def is_aborting(self) -> bool:
        """Whether the flag is set: a decode call would end at once."""
        return self._flag.is_set

    def decode(
        self,
        tokens: Sequence[int],
        position: int,
        sequence: int = 0,
        all_logits: bool = False,
    ) -> Decoded:
        """Evaluate up to `slice_tokens` tokens from a position on, and wait until that is done.

        Only the last has logits, unless all of up to `n_outputs` are to have them.

        Raises:
            EvaluationError: llama.cpp refused.
        """
        batch: Any = self._batch
        count = len(tokens)
        batch.n_tokens = count
        for i, token in enumerate(tokens):
            batch.token[i] = token
            batch.pos[i] = position + i
            batch.seq_id[i][0] = sequence
            batch.logits[i] = all_logits or i == count - 1
        code = llama_cpp.llama_decode(self._handle, batch)
        if code == _NO_ROOM:
            return Decoded.NO_ROOM
        if code == _ABORTED:
            return Decoded.ABORTED
        if code != 0:
            raise EvaluationError(
                f'llama.cpp could not evaluate {count} tokens at {position} (code {code}): '
                f'{LLAMA_LOG.errors() or "it does not say why"}'
            )
        # A GPU goes on computing when llama_decode has returned: without this, what is measured
        # leaves out the last slice, and a cancel comes after the next one has been handed over.
        llama_cpp.llama_synchronize(self._handle)
        return Decoded.ALL

    def logits(self, index: int = -1) -> Logits:
        """Logits after a token of the last decode call, which the next one overwrites."""
        pointer = llama_cpp.llama_get_logits_ith(self._handle, index)
        return np.ctypeslib.as_array(pointer, shape=(self._vocabulary_size,))

    def remove_from(self, position: int, sequence: int = 0) -> bool:
        """Cut a sequence short; False if the model cannot, and nothing changed."""
        return bool(llama_cpp.llama_memory_seq_rm(self._memory, sequence, position, -1))

    def drop(self, sequence: int) -> None:
        """Forget all of a sequence."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def copy(self, source: int, target: int) -> None:
        """Make a sequence the same as another."""
        self.drop(target)
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def state_bytes(self, sequence: int) -> memoryview:
        """All that a sequence holds, as llama.cpp writes it."""
        size = llama_cpp.llama_state_seq_get_size(self._handle, sequence)
        buffer = bytearray(size)
        pointer = (ctypes.c_uint8 * size).from_buffer(buffer)
        written = llama_cpp.llama_state_seq_get_data(self._handle, pointer, size, sequence)
        return memoryview(buffer)[:written]

    def load_state(self, state: memoryview, sequence: int) -> bool:
        """Give an empty sequence what `state_bytes` gave; False if llama.cpp refuses it."""
        pointer = (ctypes.c_uint8 * len(state)).from_buffer(state)
        read = llama_cpp.llama_state_seq_set_data(self._handle, pointer, len(state), sequence)
        return bool(read == len(state))

    def clear(self) -> None:
        """Forget everything."""
        llama_cpp.llama_memory_clear(self._memory, False)

    def close(self) -> None:
        """Free the context; may be called twice."""
        if self._handle:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self._handle)
            self._handle = None


def _check_file(path: Path) -> None:
    try:
        with path.open('rb') as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelFileError(
            f'cannot read the model file {path}: {error.strerror or error}'
        ) from error
    if magic != b'GGUF':
        raise ModelFileError(f'{path} is not a GGUF model file: it begins with {magic!r}')

"""What llama.cpp logs: kept for error messages, away from the terminal."""

import collections
import ctypes
import logging
import threading
from typing import Any

from nemotron_agent.llm.llama_buffers import LlamaBuffer, logged_buffer
from nemotron_agent.llm.llama_runtime import llama_cpp

logger = logging.getLogger(__name__)
_LEVELS = {3: logging.WARNING, 4: logging.ERROR}
_CONTINUES = 5


class LlamaLog:
    """The last lines llama.cpp logged. Its log is one for the process, and so is this."""

    def __init__(self, capacity: int = 400) -> None:
        self._lines: collections.deque[tuple[int, str]] = collections.deque(maxlen=capacity)
        self._buffers: list[LlamaBuffer] = []
        self._lock = threading.Lock()
        self._level = logging.DEBUG
        # Kept as a member: llama.cpp holds the bare pointer.
        self._callback = llama_cpp.llama_log_callback(self._take)

    def install(self) -> None:
        """Have llama.cpp log here."""
        llama_cpp.llama_log_set(self._callback, ctypes.c_void_p(0))

    def clear(self) -> None:
        """Forget all lines."""
        with self._lock:
            self._lines.clear()
            self._buffers.clear()

    @property
    def buffers(self) -> tuple[LlamaBuffer, ...]:
        """The buffers logged since all was forgotten."""
        with self._lock:
            return tuple(self._buffers)

    def errors(self, limit: int = 3) -> str:
        """The last error lines, joined; empty if there was none."""
        with self._lock:
            lines = [text for level, text in self._lines if level >= logging.ERROR]
        return '; '.join(lines[-limit:])

    def _take(self, level: int, text: bytes, _: Any) -> None:
        line = text.decode('utf-8', 'replace').strip()
        if not line or line.strip('.') == '':
            return
        buffer = logged_buffer(line)
        with self._lock:
            if buffer is not None:
                self._buffers.append(buffer)
            if level != _CONTINUES:
                self._level = _LEVELS.get(level, logging.DEBUG)
            self._lines.append((self._level, line))
        logger.debug('%s', line)


LLAMA_LOG = LlamaLog()

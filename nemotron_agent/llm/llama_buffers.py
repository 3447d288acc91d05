"""The buffers that llama.cpp says it has made."""

import dataclasses
import re

_LINE = re.compile(r'(\S+)\s+(model|KV|RS|output|compute) buffer size =\s+([\d.]+) MiB')


@dataclasses.dataclass(frozen=True)
class LlamaBuffer:
    """A buffer.

    Attributes:
        kind: model, KV, RS (recurrent state), output or compute.
        device: llama.cpp's name of where it is, such as CPU_Mapped or CUDA0.
        bytes: its size, to a hundredth of a MiB.
    """

    kind: str
    device: str
    bytes: int


def logged_buffer(line: str) -> LlamaBuffer | None:
    """The buffer that a line of llama.cpp's log tells of; None if it tells of none."""
    match = _LINE.search(line)
    if match is None:
        return None
    return LlamaBuffer(match[2], match[1], round(float(match[3]) * (1 << 20)))

"""What an engine is made with."""

import dataclasses
import os
from pathlib import Path

import psutil

from nemotron_agent.core.errors import ConfigurationError

KV_TYPES = ('f16', 'q8_0', 'q4_0')
FLASH_ATTENTION = ('auto', 'on', 'off')
REPLY_PROTOCOLS = ('auto', 'call_only', 'native')
TOOL_FORMATS = ('auto', 'hermes', 'nemotron')


@dataclasses.dataclass(frozen=True)
class EngineParameters:
    """Parameters of a `LlamaEngine`, checked when made.

    Attributes:
        model_path: GGUF file.
        n_ctx: tokens the context holds.
        n_batch: most tokens handed over at once while reading.
        n_ubatch: most tokens evaluated at once; 0 is `n_batch`, at most 512.
        n_gpu_layers: layers on the GPU; -1 is all of them.
        n_threads: CPU threads; 0 is one for each physical core this process may use.
        snapshot_slots: states of the context to keep besides the one that is evaluated further;
            each costs a copy of the recurrent state, 81 MiB for Nemotron 3 Nano 4B.
        kv_type: type of the KV cache.
        flash_attention: `auto` is on where the backend has it.
        reply_protocol: `auto` is native for the nemotron tool format, call_only for others.
        tool_format: `auto` finds it from the chat template.
        temperature: randomness of the choice of tokens in text and reasoning; 0 takes the
            likeliest.
        top_p: share of the probability to choose from there.
        call_temperature, call_top_p: the same inside a call.
        seed: seed of the choice, for each reply anew, so that a reply repeats.
        max_reply_tokens: limit of a reply without its reasoning.
        max_thinking_tokens: limit of a reply's reasoning.
        min_support: support by a command below which a call is held back (natural
            logarithm); None doubts no call.
        warm_start_folder: where the state after system prompt and tools is kept for the next
            start; None keeps none.
        warm_start_mb: most that folder may hold [MB].

    Raises:
        ConfigurationError: a value is out of range.
    """

    model_path: Path
    n_ctx: int = 8192
    n_batch: int = 512
    n_ubatch: int = 0
    n_gpu_layers: int = -1
    n_threads: int = 0
    snapshot_slots: int = 4
    kv_type: str = 'f16'
    flash_attention: str = 'auto'
    reply_protocol: str = 'auto'
    tool_format: str = 'auto'
    temperature: float = 0.0
    top_p: float = 0.95
    call_temperature: float = 0.0
    call_top_p: float = 1.0
    seed: int = 0
    max_reply_tokens: int = 512
    max_thinking_tokens: int = 512
    min_support: float | None = None
    warm_start_folder: Path | None = None
    warm_start_mb: int = 512

    def __post_init__(self) -> None:
        check_range('n_ctx', self.n_ctx, 256, 1 << 20)
        check_range('n_batch', self.n_batch, 16, 8192)
        check_range('n_ubatch', self.n_ubatch, 0, self.n_batch)
        check_range('n_gpu_layers', self.n_gpu_layers, -1, 1000)
        check_range('n_threads', self.n_threads, 0, 256)
        check_range('snapshot_slots', self.snapshot_slots, 0, 63)
        check_choice('kv_type', self.kv_type, KV_TYPES)
        check_choice('flash_attention', self.flash_attention, FLASH_ATTENTION)
        check_choice('reply_protocol', self.reply_protocol, REPLY_PROTOCOLS)
        check_choice('tool_format', self.tool_format, TOOL_FORMATS)
        check_range('temperature', self.temperature, 0.0, 2.0)
        check_range('top_p', self.top_p, 0.0, 1.0)
        check_range('call_temperature', self.call_temperature, 0.0, 2.0)
        check_range('call_top_p', self.call_top_p, 0.0, 1.0)
        check_range('seed', self.seed, 0, (1 << 31) - 1)
        check_range('max_reply_tokens', self.max_reply_tokens, 1, 32768)
        check_range('max_thinking_tokens', self.max_thinking_tokens, 0, 32768)
        check_range('warm_start_mb', self.warm_start_mb, 0, 1 << 20)
        if self.kv_type != 'f16' and self.flash_attention == 'off':
            raise ConfigurationError(
                f'parameter kv_type is "{self.kv_type}", which needs flash attention: '
                'set flash_attention to auto or on, or kv_type to f16'
            )

    @property
    def slice_tokens(self) -> int:
        """Most tokens of one decode call."""
        return self.n_ubatch or min(self.n_batch, 512)

    @property
    def threads(self) -> int:
        """CPU threads to use."""
        if self.n_threads:
            return self.n_threads
        usable = len(os.sched_getaffinity(0))
        return min(psutil.cpu_count(logical=False) or usable, usable)


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a parameter outside of its range, with a ConfigurationError."""
    if not low <= value <= high:
        raise ConfigurationError(f'parameter {name} is {value}: it goes from {low} to {high}')


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a parameter that is none of its choices, with a ConfigurationError."""
    if value not in choices:
        raise ConfigurationError(
            f'parameter {name} is "{value}": choose one of {", ".join(choices)}'
        )

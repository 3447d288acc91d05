"""Chooses settings that fit into a budget."""

import dataclasses
from collections.abc import Iterator

from nemotron_agent.llm.engine_parameters import KV_TYPES, check_choice, check_range
from nemotron_agent.llm.memory_budget import MemoryBudget
from nemotron_agent.llm.memory_plan import MemoryPlan, plan_memory
from nemotron_agent.llm.memory_settings import KV_BLOCKS, Conditions, MemorySettings
from nemotron_agent.llm.model_shape import ModelShape

# The most wanted first. A context of 8192 tokens is kept as long as anything else can give way:
# reading in larger pieces, then states beyond those of the shared beginning and the last message,
# then the precision of the KV cache. docs/memory.md has the reasons.
PREFERENCES = (
    MemorySettings(32768, 4, 'f16', 512),
    MemorySettings(16384, 4, 'f16', 512),
    MemorySettings(8192, 4, 'f16', 512),
    MemorySettings(8192, 4, 'f16', 256),
    MemorySettings(8192, 2, 'f16', 256),
    MemorySettings(8192, 2, 'q8_0', 256),
    MemorySettings(8192, 1, 'q8_0', 256),
    MemorySettings(4096, 2, 'q8_0', 256),
    MemorySettings(4096, 1, 'q8_0', 256),
    MemorySettings(4096, 1, 'q8_0', 128),
    MemorySettings(2048, 1, 'q8_0', 128),
    MemorySettings(2048, 0, 'q8_0', 128),
    MemorySettings(2048, 0, 'q4_0', 64),
)


@dataclasses.dataclass(frozen=True)
class MemoryWish:
    """Settings that somebody has decided; None leaves one to be chosen.

    Attributes:
        n_batch: most that `n_ubatch` may be.

    Raises:
        ConfigurationError: a setting is out of range.
    """

    n_ctx: int | None = None
    snapshot_slots: int | None = None
    kv_type: str | None = None
    n_ubatch: int | None = None
    n_batch: int = 512

    def __post_init__(self) -> None:
        if self.n_ctx is not None:
            check_range('n_ctx', self.n_ctx, 256, 1 << 20)
        if self.snapshot_slots is not None:
            check_range('snapshot_slots', self.snapshot_slots, 0, 63)
        if self.kv_type is not None:
            check_choice('kv_type', self.kv_type, KV_TYPES)
        if self.n_ubatch is not None:
            check_range('n_ubatch', self.n_ubatch, 1, self.n_batch)


def candidates(
    shape: ModelShape, wish: MemoryWish, conditions: Conditions
) -> Iterator[MemorySettings]:
    """Give settings that keep to a wish, the most wanted first."""
    seen = set()
    for preferred in PREFERENCES:
        settings = MemorySettings(
            n_ctx=wish.n_ctx or min(preferred.n_ctx, shape.context_length),
            snapshot_slots=preferred.snapshot_slots
            if wish.snapshot_slots is None
            else wish.snapshot_slots,
            kv_type=wish.kv_type or _possible_kv_type(preferred.kv_type, shape, conditions),
            n_ubatch=wish.n_ubatch or min(preferred.n_ubatch, wish.n_batch),
        )
        if settings not in seen:
            seen.add(settings)
            yield settings


def choose(
    shape: ModelShape, wish: MemoryWish, conditions: Conditions, budget: MemoryBudget
) -> MemoryPlan | None:
    """Plan with the first settings that keep to a wish and fit; None if none do."""
    for settings in candidates(shape, wish, conditions):
        plan = plan_memory(shape, settings, conditions)
        if plan.needed_bytes <= budget.bytes:
            return plan
    return None


def alternatives(
    shape: ModelShape, wish: MemoryWish, conditions: Conditions, budget: MemoryBudget
) -> list[MemoryPlan]:
    """What would fit instead of a wish: for its context, and for smaller ones, one plan each."""
    sizes = {settings.n_ctx for settings in PREFERENCES}
    wanted = wish.n_ctx or max(sizes)
    plans = []
    for n_ctx in sorted({wanted, *(size for size in sizes if size < wanted)}, reverse=True):
        free = MemoryWish(n_ctx=n_ctx, n_batch=wish.n_batch)
        plan = choose(shape, free, conditions, budget)
        if plan is not None:
            plans.append(plan)
    return plans


def _possible_kv_type(kv_type: str, shape: ModelShape, conditions: Conditions) -> str:
    """The type, or f16 where llama.cpp cannot quantise: heads of odd size, no flash attention."""
    block, _ = KV_BLOCKS[kv_type]
    fits = shape.key_length % block == 0 and shape.value_length % block == 0
    return kv_type if fits and conditions.flash_attention else 'f16'

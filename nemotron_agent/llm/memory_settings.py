"""What decides how much memory a model needs, besides the model."""

import dataclasses
from collections.abc import Mapping

KV_BLOCKS: Mapping[str, tuple[int, int]] = {'f16': (1, 2), 'q8_0': (32, 34), 'q4_0': (32, 18)}
_N_CTX_STEP = 256


@dataclasses.dataclass(frozen=True)
class MemorySettings:
    """The settings that can be chosen by what there is room for.

    Attributes:
        n_ctx: tokens the context holds.
        snapshot_slots: states kept besides the one that is evaluated further.
        kv_type: type of the KV cache.
        n_ubatch: most tokens of one decode call.
    """

    n_ctx: int
    snapshot_slots: int
    kv_type: str
    n_ubatch: int

    @property
    def cells(self) -> int:
        """Tokens that llama.cpp makes room for: it rounds `n_ctx` up."""
        return -(-self.n_ctx // _N_CTX_STEP) * _N_CTX_STEP

    @property
    def sequences(self) -> int:
        """Sequences of the context."""
        return 1 + self.snapshot_slots


@dataclasses.dataclass(frozen=True)
class Machine:
    """What a model runs on.

    Attributes:
        has_gpu: whether llama.cpp has one to use.
        shares_memory: whether that GPU uses the CPU's memory, as a Jetson's does.
        repacked_types: types of weights that llama.cpp's CPU kernels want in an order of their
            own, and the number that a matrix's rows must be divisible by.
    """

    has_gpu: bool = False
    shares_memory: bool = False
    repacked_types: Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Conditions:
    """What else a plan depends on.

    Attributes:
        machine: where the model runs.
        n_gpu_layers: layers for the GPU, if there is one; -1 is all of them.
        flash_attention: whether attention is computed in one step.
        process_bytes: what the process holds without a model.
        saves_state: whether the state after system prompt and tools is saved for the next start.
    """

    machine: Machine
    n_gpu_layers: int = -1
    flash_attention: bool = True
    process_bytes: int = 0
    saves_state: bool = False

    @property
    def uses_gpu(self) -> bool:
        """Whether any of the model is on a GPU."""
        return self.machine.has_gpu and self.n_gpu_layers != 0

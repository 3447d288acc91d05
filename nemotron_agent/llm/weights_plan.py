"""Where the weights of a model come to lie."""

from collections.abc import Iterator

from nemotron_agent.llm.memory_part import MemoryPart, Place
from nemotron_agent.llm.memory_settings import Conditions
from nemotron_agent.llm.model_shape import ModelShape, WeightGroup

MAPPED_WEIGHTS = 'weights'


def gpu_share(shape: ModelShape, conditions: Conditions) -> float:
    """Share of the layers that is on the GPU."""
    if not conditions.uses_gpu:
        return 0.0
    if conditions.n_gpu_layers < 0:
        return 1.0
    # llama.cpp counts the output as the first layer to go to the GPU.
    return min(conditions.n_gpu_layers - 1, shape.layers) / shape.layers


def weight_parts(shape: ModelShape, conditions: Conditions) -> Iterator[MemoryPart]:
    """Give the memory of the weights.

    The file is mapped: what the CPU uses of it is resident. Matrices that its kernels want in an
    order of their own are copied besides, and their pages of the file are not looked at again.
    """
    share = gpu_share(shape, conditions)
    mapped = repacked = unused = on_gpu = 0
    for group in shape.weights:
        is_output = group.role == 'output' or (group.role == 'input' and shape.ties_output)
        offloaded = round(group.bytes * share) if group.role == 'layer' else 0
        if is_output and conditions.uses_gpu:
            offloaded = group.bytes
        on_gpu += offloaded
        # Rows of the token embedding are looked up on the CPU, whatever else is done with it.
        on_cpu = group.bytes if group.role == 'input' else group.bytes - offloaded
        mapped += on_cpu
        if _is_repacked(group, is_output, conditions):
            repacked += group.bytes - offloaded
            unused += 0 if group.role == 'input' else on_cpu
    yield MemoryPart(MAPPED_WEIGHTS, mapped - unused, by_llama=True)
    if repacked:
        yield MemoryPart('weights_repacked', repacked, by_llama=True)
    if unused:
        yield MemoryPart('weights_unused', unused, droppable=True, by_llama=True)
    if on_gpu:
        yield MemoryPart('weights', on_gpu, Place.GPU, by_llama=True)


def _is_repacked(group: WeightGroup, is_output: bool, conditions: Conditions) -> bool:
    is_multiplied = group.role == 'layer' or is_output
    if not is_multiplied or group.rows_divisible_by == 0:
        return False
    rows = conditions.machine.repacked_types.get(group.type)
    return rows is not None and group.rows_divisible_by % rows == 0

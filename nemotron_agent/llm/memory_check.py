"""Decides whether a model may be loaded, and with what settings, before any of it is read."""

import logging
import sys

from nemotron_agent.core.errors import MemoryShortError
from nemotron_agent.llm.byte_size import bytes_text
from nemotron_agent.llm.cpu_repacking import repacked_types
from nemotron_agent.llm.memory_budget import MemoryBudget
from nemotron_agent.llm.memory_choice import MemoryWish, alternatives, candidates, choose
from nemotron_agent.llm.memory_plan import MemoryPlan, plan_memory
from nemotron_agent.llm.memory_report import (
    alternatives_table,
    plain_text,
    plan_table,
    settings_text,
)
from nemotron_agent.llm.memory_settings import Conditions, Machine
from nemotron_agent.llm.model_shape import ModelShape
from nemotron_agent.llm.process_plan import ENGINE_PROCESS_BYTES, NODE_PROCESS_BYTES
from nemotron_agent.llm.system_memory import SystemMemory

logger = logging.getLogger(__name__)


def machine_here(system: SystemMemory) -> Machine:
    """What a plan wants to know of this machine."""
    # llama.cpp takes a second to import: not for those who plan for another device.
    from nemotron_agent.llm.llama_runtime import has_gpu

    return Machine(has_gpu(), system.is_jetson, repacked_types(system.cpu_flags))


def process_bytes_here(system: SystemMemory) -> int:
    """What this process holds without a model, or will once its engine is imported."""
    typical = NODE_PROCESS_BYTES if 'rclpy' in sys.modules else ENGINE_PROCESS_BYTES
    return max(system.own_bytes, typical)


def fitting_plan(
    name: str, shape: ModelShape, wish: MemoryWish, conditions: Conditions, budget: MemoryBudget
) -> MemoryPlan:
    """Plan with the first settings that keep to a wish and fit into a budget.

    Raises:
        MemoryShortError: there are none.
    """
    plan = choose(shape, wish, conditions, budget)
    if plan is None:
        raise MemoryShortError(refusal(name, shape, wish, conditions, budget))
    logger.info(
        '%s with %s needs %s of %s (%s)',
        name,
        settings_text(plan.settings),
        bytes_text(plan.needed_bytes),
        bytes_text(budget.bytes),
        budget.source,
    )
    return plan


def least_plan(shape: ModelShape, wish: MemoryWish, conditions: Conditions) -> MemoryPlan:
    """Plan with the settings that keep to a wish and need least."""
    plans = (plan_memory(shape, each, conditions) for each in candidates(shape, wish, conditions))
    return min(plans, key=lambda plan: plan.needed_bytes)


def refusal(
    name: str, shape: ModelShape, wish: MemoryWish, conditions: Conditions, budget: MemoryBudget
) -> str:
    """Say why a model is not loaded, and what would be."""
    plan = least_plan(shape, wish, conditions)
    others = alternatives(shape, wish, conditions, budget)
    if others:
        remedy = 'set the parameters to a row of the second table, or free memory'
        tables = [plan_table(plan, budget), alternatives_table(others)]
    else:
        remedy = 'no settings fit; take a smaller model, or free memory'
        tables = [plan_table(plan, budget)]
    return (
        f'{name} needs {bytes_text(plan.needed_bytes)} of memory and may have '
        f'{bytes_text(budget.bytes)} ({budget.source}): {remedy}\n{plain_text(*tables)}'
    )

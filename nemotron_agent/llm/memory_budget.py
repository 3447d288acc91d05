"""How much memory the agent may use."""

import dataclasses

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.llm.byte_size import parse_bytes
from nemotron_agent.llm.system_memory import SystemMemory

AUTO = 'auto'


@dataclasses.dataclass(frozen=True)
class MemoryBudget:
    """An amount of memory for the whole process, and what sets it.

    Attributes:
        source: for people.
    """

    bytes: int
    source: str


def read_budget(wanted: str, reserve_bytes: int, system: SystemMemory) -> MemoryBudget:
    """Take the least of what is wanted, what the machine has to give, and what groups allow.

    What this process holds already counts as available. The reserve is kept from what the machine
    has, not from the limit of a control group: others do not draw on that.

    Args:
        wanted: `auto`, an amount such as 3GiB, or a share of the machine's memory such as 60%.
        reserve_bytes: memory of the machine to leave to others.
        system: where to ask.

    Raises:
        ConfigurationError: what is wanted is none of these.
    """
    own = system.own_anonymous_bytes
    groups = list(system.limited_groups())
    budgets = [
        MemoryBudget(
            max(0, system.available_bytes + own - reserve_bytes),
            'what the machine has available, less the reserve for others',
        )
    ]
    budgets += [
        MemoryBudget(
            max(0, (group.limit_bytes or 0) - group.used_bytes + own),
            f'the limit of the control group {group.folder}',
        )
        for group in groups
    ]
    total = min([system.total_bytes, *(group.limit_bytes or 0 for group in groups)])
    wish = wanted_budget(wanted, total)
    if wish is not None:
        budgets.append(wish)
    return min(budgets, key=lambda budget: budget.bytes)


def wanted_budget(wanted: str, total_bytes: int) -> MemoryBudget | None:
    """What a budget's text comes to; None for `auto`.

    Args:
        wanted: the text.
        total_bytes: what a percentage is taken of.

    Raises:
        ConfigurationError: it is neither an amount nor a percentage, nor `auto`.
    """
    text = wanted.strip()
    if text.lower() == AUTO:
        return None
    return MemoryBudget(_amount(text, total_bytes), f'memory_budget, {text}')


def _amount(text: str, total_bytes: int) -> int:
    if not text.endswith('%'):
        return parse_bytes(text, 'memory_budget')
    try:
        percent = float(text[:-1])
    except ValueError:
        percent = 0.0
    if not 0.0 < percent <= 100.0:
        raise ConfigurationError(f'memory_budget is "{text}": a percentage goes from 1% to 100%')
    return round(total_bytes * percent / 100)

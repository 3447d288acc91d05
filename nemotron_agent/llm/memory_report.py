"""A plan as people and programs see it."""

import io
from collections.abc import Sequence
from typing import Any

from rich.console import Console, Group
from rich.table import Table

from nemotron_agent.llm.byte_size import bytes_text
from nemotron_agent.llm.memory_budget import MemoryBudget
from nemotron_agent.llm.memory_part import MemoryPart, Place
from nemotron_agent.llm.memory_plan import MemoryPlan
from nemotron_agent.llm.memory_settings import MemorySettings

_WIDTH = 96
_MEANINGS = {
    'weights': 'weights in use, mapped from the file',
    'weights_repacked': "copy of weights in the order of the CPU's kernels",
    'weights_unused': 'pages of the file that copy was made of; given back when needed',
    'kv_cache': 'keys and values of attention layers',
    'recurrent_state': 'recurrent state of the conversation at hand',
    'snapshots': 'recurrent state of each snapshot slot',
    'compute': "llama.cpp's buffer for a decode call",
    'outputs': 'logits, a row for each sequence',
    'activations': 'what the CPU multiplies weights by',
    'vocabulary': "llama.cpp's tokenizer",
    'grammar': 'tokenizer and masks of the grammar of calls',
    'process': 'Python, its packages, and ROS where it runs in it',
    'saved_state': 'state after system prompt and tools while it is saved',
    'cuda_context': 'CUDA context and kernels (an estimate)',
}


def settings_text(settings: MemorySettings) -> str:
    """Settings on a line."""
    return (
        f'n_ctx {settings.n_ctx}, snapshot_slots {settings.snapshot_slots}, '
        f'kv_type {settings.kv_type}, n_ubatch {settings.n_ubatch}'
    )


def plan_table(plan: MemoryPlan, budget: MemoryBudget | None = None) -> Table:
    """A row for each part, then the sum and the budget."""
    table = Table(
        'part',
        'MiB',
        'memory of',
        'what',
        title=settings_text(plan.settings),
        title_justify='left',
    )
    table.columns[1].justify = 'right'
    for part in plan.parts:
        table.add_row(part.name, _mib(part.bytes), _place(part, plan), _MEANINGS[part.name])
    table.add_section()
    table.add_row('needed', _mib(plan.needed_bytes), '', 'all of it but what can be given back')
    if plan.resident_bytes != plan.needed_bytes:
        table.add_row(
            'resident', _mib(plan.resident_bytes), '', 'most that tools such as top show'
        )
    if budget is not None:
        table.add_row('budget', _mib(budget.bytes), '', budget.source)
    return table


def alternatives_table(plans: Sequence[MemoryPlan]) -> Table:
    """A row for each plan that fits."""
    table = Table(
        'n_ctx',
        'snapshot_slots',
        'kv_type',
        'n_ubatch',
        'needed MiB',
        title='what would fit',
        title_justify='left',
    )
    for plan in plans:
        settings = plan.settings
        table.add_row(
            str(settings.n_ctx),
            str(settings.snapshot_slots),
            settings.kv_type,
            str(settings.n_ubatch),
            _mib(plan.needed_bytes),
        )
    return table


def plain_text(*renderables: Any) -> str:
    """Tables without colour, for a log."""
    stream = io.StringIO()
    Console(file=stream, width=_WIDTH, color_system=None).print(Group(*renderables))
    return '\n'.join(line.rstrip() for line in stream.getvalue().splitlines())


def plan_record(plan: MemoryPlan) -> dict[str, Any]:
    """A plan as JSON values; sizes in bytes."""
    return {
        'n_ctx': plan.settings.n_ctx,
        'snapshot_slots': plan.settings.snapshot_slots,
        'kv_type': plan.settings.kv_type,
        'n_ubatch': plan.settings.n_ubatch,
        'needed_bytes': plan.needed_bytes,
        'resident_bytes': plan.resident_bytes,
        'llama_bytes': plan.llama_bytes,
        'parts': [
            {
                'name': part.name,
                'bytes': part.bytes,
                'place': part.place.value,
                'droppable': part.droppable,
            }
            for part in plan.parts
        ],
    }


def _place(part: MemoryPart, plan: MemoryPlan) -> str:
    if part.place is Place.HOST:
        return 'CPU'
    return 'GPU, shared' if plan.shares_memory else 'GPU'


def _mib(n_bytes: int) -> str:
    return bytes_text(n_bytes).removesuffix(' MiB')

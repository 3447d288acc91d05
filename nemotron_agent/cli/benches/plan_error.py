"""Plans of memory beside processes that did what was planned."""

import dataclasses
from collections.abc import Iterator

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.measuring_process import run_process
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.subject import Subject, Subjects
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.memory_check import machine_here
from nemotron_agent.llm.memory_plan import MemoryPlan, plan_memory
from nemotron_agent.llm.memory_settings import Conditions, MemorySettings
from nemotron_agent.llm.model_shape import read_model_shape
from nemotron_agent.llm.process_plan import ENGINE_PROCESS_BYTES
from nemotron_agent.llm.system_memory import SystemMemory

GOAL = 0.05
CONTEXTS = (2048, 8192, 32768)


def plan_errors(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Compare for each model and size of context."""
    for subject in subjects.planned():
        for n_ctx in subjects.contexts(CONTEXTS):
            progress.step(f'memory plan, {subject.label}, {n_ctx}')
            yield from of_subject(subject, n_ctx)


def of_subject(subject: Subject, n_ctx: int) -> Iterator[Figure]:
    """The figures of one model and size of context."""
    parameters = dataclasses.replace(subject.parameters, n_ctx=n_ctx)
    plan = plan_of(parameters)
    order = {**dataclasses.asdict(parameters), 'model_path': str(parameters.model_path)}
    taken = run_process('engine_process', order)
    name = f'{subject.label}.{n_ctx}'
    for figure, planned, measured in (
        ('plan_error', plan.resident_bytes, taken['peak_bytes']),
        ('plan_vs_llama', plan.llama_bytes, taken['llama_bytes']),
    ):
        error = planned / measured - 1
        yield Figure(f'memory.{figure}.{name}', error, '', goal=GOAL, either_way=True)
    yield Figure(f'memory.peak_mb.{name}', taken['peak_bytes'] / 1e6, 'MB')


def plan_of(parameters: EngineParameters) -> MemoryPlan:
    """The plan of an engine in a process of its own, which keeps no state for the next start."""
    settings = MemorySettings(
        parameters.n_ctx, parameters.snapshot_slots, parameters.kv_type, parameters.slice_tokens
    )
    conditions = Conditions(
        machine_here(SystemMemory()),
        parameters.n_gpu_layers,
        parameters.flash_attention != 'off',
        ENGINE_PROCESS_BYTES,
    )
    return plan_memory(read_model_shape(parameters.model_path), settings, conditions)

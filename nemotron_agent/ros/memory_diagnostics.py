"""What /diagnostics says of memory."""

from diagnostic_msgs.msg import DiagnosticStatus

from nemotron_agent.core.chat_model import ChatModel
from nemotron_agent.llm.memory_ladder import Rung
from nemotron_agent.llm.memory_pressure import read_pressure
from nemotron_agent.llm.system_memory import SystemMemory
from nemotron_agent.ros.memory_watch import MemoryWatch

TOLERANCE = 0.1


def memory_status(
    system: SystemMemory, model: ChatModel | None, watch: MemoryWatch | None
) -> tuple[bytes, str, dict[str, object]]:
    """Hold what was planned against what is; return level, message and values."""
    use = model.memory_use if model else None
    pressure = read_pressure(system, use.mapped if use else 0)
    level, message = DiagnosticStatus.OK, 'as planned'
    values: dict[str, object] = {
        'process_mb': _mb(system.own_bytes),
        'process_peak_mb': _mb(system.own_peak_bytes),
        'free_mb': _mb(pressure.free_bytes),
    }
    if pressure.stalled_percent is not None:
        values['waiting_for_memory_percent'] = pressure.stalled_percent
    if use is not None:
        values |= {'llama_cpp_mb': _mb(use.buffers), 'context_mb': _mb(use.context)}
        if use.planned_process:
            values |= {
                'planned_process_mb': _mb(use.planned_process),
                'planned_llama_cpp_mb': _mb(use.planned_buffers),
            }
            # A process is not seen to hold what a Jetson's GPU does; llama.cpp tells of that.
            for taken, planned, who in (
                (use.buffers, use.planned_buffers, 'llama.cpp has made buffers of'),
                (system.own_peak_bytes, use.planned_process, 'the process has held'),
            ):
                if taken - planned > TOLERANCE * planned:
                    level = DiagnosticStatus.WARN
                    message = f'{who} {_mb(taken - planned)} MB more than was planned'
    if watch is not None:
        values['ladder'] = watch.rung.value
        if watch.rung is not Rung.AS_CONFIGURED:
            level = DiagnosticStatus.WARN
            message = f'memory is short: {watch.rung.value}'
    return level, message, values


def _mb(count: int) -> int:
    return count // 10**6

import pytest

from nemotron_agent.llm.memory_pressure import MemoryPressure, read_pressure
from nemotron_agent.llm.system_memory import SystemMemory

PRESSURE = (
    'some avg10=31.50 avg60=12.00 avg300=3.00 total=123\n'
    'full avg10=21.25 avg60=6.00 avg300=1.00 total=45\n'
)


@pytest.fixture
def system(tmp_path):
    """A machine with 1000 KiB available."""
    proc, cgroups = tmp_path / 'proc', tmp_path / 'cgroup'
    (proc / 'self').mkdir(parents=True)
    (proc / 'pressure').mkdir()
    (cgroups / 'robot').mkdir(parents=True)
    (proc / 'meminfo').write_text('MemTotal: 2000 kB\nMemAvailable: 1000 kB\n')
    (proc / 'self/cgroup').write_text('0::/robot\n')
    return SystemMemory(proc, cgroups)


def test_what_the_machine_has(system):
    assert read_pressure(system) == MemoryPressure(1000 * 1024, None)


def test_the_tightest_limit_counts(system):
    group = system.cgroups / 'robot'
    (group / 'memory.max').write_text('500000\n')
    (group / 'memory.current').write_text('450000\n')
    (group / 'memory.stat').write_text('anon 400000\nactive_file 10000\ninactive_file 10000\n')

    assert read_pressure(system).free_bytes == 500000 - 430000


def test_over_the_limit_nothing_is_free(system):
    group = system.cgroups / 'robot'
    (group / 'memory.max').write_text('1000\n')
    (group / 'memory.current').write_text('1200\n')

    assert read_pressure(system).free_bytes == 0


def test_waiting_for_memory(system):
    (system.proc / 'pressure/memory').write_text(PRESSURE)

    assert read_pressure(system).stalled_percent == 21.25


def test_this_machine_can_be_read():
    assert read_pressure(SystemMemory()).free_bytes > 0

import pytest

from nemotron_agent.llm.memory_pressure import MemoryPressure, read_pressure, takeable_bytes
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


def test_waiting_for_memory_in_a_group(system):
    group = system.cgroups / 'robot'
    (group / 'memory.max').write_text('500000\n')
    (group / 'memory.pressure').write_text(PRESSURE)
    assert read_pressure(system).stalled_percent == 21.25

    (system.proc / 'pressure/memory').write_text(PRESSURE.replace('21.25', '30.5'))
    assert read_pressure(system).stalled_percent == 30.5


def test_pages_of_the_model_in_use_are_not_free(system):
    assert read_pressure(system, mapped_bytes=600 * 1024).free_bytes == 400 * 1024
    assert read_pressure(system, mapped_bytes=2000 * 1024).free_bytes == 0


def test_what_the_process_holds_it_can_take_too(system):
    (system.proc / 'self/status').write_text('RssAnon: 300 kB\n')
    assert takeable_bytes(system) == 1300 * 1024


def test_this_machine_can_be_read():
    assert read_pressure(SystemMemory()).free_bytes > 0

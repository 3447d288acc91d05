"""Budgets, from folders that look like a machine's /proc and /sys/fs/cgroup."""

from pathlib import Path

import pytest

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.llm.memory_budget import read_budget
from nemotron_agent.llm.system_memory import SystemMemory
from nemotron_agent.testing.system_files import (
    MIB,
    ORIN_NANO,
    system_at,
    write_cgroup_1,
    write_cgroup_2,
    write_proc,
)

NO_LIMIT_1 = 9223372036854771712


def budget_mib(folder, wanted='auto', reserve_mib=0):
    return read_budget(wanted, reserve_mib * MIB, system_at(folder)).bytes / MIB


def test_what_is_available_and_what_the_process_holds_already(tmp_path):
    write_proc(tmp_path / 'proc', available_mib=4000, anonymous_mib=60)
    assert budget_mib(tmp_path) == 4060


def test_a_reserve_for_others(tmp_path):
    write_proc(tmp_path / 'proc', available_mib=4000, anonymous_mib=60)
    assert budget_mib(tmp_path, reserve_mib=500) == 3560
    assert budget_mib(tmp_path, reserve_mib=5000) == 0


@pytest.mark.parametrize(
    ('wanted', 'mib'),
    [('3GiB', 3072), ('3 gib', 3072), ('512MiB', 512), ('1048576', 1), ('25%', 2048)],
)
def test_an_amount_or_a_share_of_the_machines_memory(tmp_path, wanted, mib):
    write_proc(tmp_path / 'proc', total_mib=8192)
    assert budget_mib(tmp_path, wanted) == mib


def test_decimal_units(tmp_path):
    write_proc(tmp_path / 'proc')
    assert read_budget('1.5GB', 0, system_at(tmp_path)).bytes == 1_500_000_000


def test_more_than_there_is_cannot_be_wanted(tmp_path):
    write_proc(tmp_path / 'proc', available_mib=2000, anonymous_mib=0)
    budget = read_budget('3GiB', 0, system_at(tmp_path))
    assert budget.bytes == 2000 * MIB
    assert 'the machine has available' in budget.source


@pytest.mark.parametrize('wanted', ['much', '3 horses', '-1GiB', '', '3GiB%', '0%', '101%', 'x%'])
def test_what_is_no_amount(tmp_path, wanted):
    write_proc(tmp_path / 'proc')
    with pytest.raises(ConfigurationError, match='memory_budget is "'):
        budget_mib(tmp_path, wanted)


def test_the_limit_of_a_group_of_version_2(tmp_path):
    write_proc(tmp_path / 'proc', anonymous_mib=60)
    write_cgroup_2(
        tmp_path / 'cgroup/user.slice/robot.service', limit=str(1000 * MIB), used_mib=200
    )
    budget = read_budget('auto', 0, system_at(tmp_path))
    # 150 are in use without pages of files, 60 of them by this process.
    assert budget.bytes == (1000 - 150 + 60) * MIB
    assert 'user.slice/robot.service' in budget.source


def test_the_limit_of_a_group_above(tmp_path):
    write_proc(tmp_path / 'proc', anonymous_mib=0)
    write_cgroup_2(tmp_path / 'cgroup/user.slice/robot.service', limit='max', used_mib=100)
    write_cgroup_2(tmp_path / 'cgroup/user.slice', limit=str(900 * MIB), used_mib=550)
    assert budget_mib(tmp_path) == 400


def test_where_a_group_is_slowed_down_counts_as_its_limit(tmp_path):
    write_proc(tmp_path / 'proc', anonymous_mib=0)
    group = tmp_path / 'cgroup/user.slice/robot.service'
    write_cgroup_2(group, limit=str(900 * MIB), high=str(700 * MIB), used_mib=150)
    assert budget_mib(tmp_path) == 600


def test_the_limit_of_a_group_of_version_1(tmp_path):
    membership = '9:name=systemd:/\n4:memory,other:/docker/abc\n0::/\n'
    write_proc(tmp_path / 'proc', anonymous_mib=0, cgroup=membership)
    write_cgroup_1(tmp_path / 'cgroup/memory', limit=NO_LIMIT_1)
    write_cgroup_1(tmp_path / 'cgroup/memory/docker/abc', limit=800 * MIB, used_mib=350)
    assert budget_mib(tmp_path) == 500


def test_a_container_sees_its_group_as_the_root(tmp_path):
    write_proc(tmp_path / 'proc', anonymous_mib=0, cgroup='4:memory:/docker/abc\n')
    write_cgroup_1(tmp_path / 'cgroup/memory', limit=800 * MIB, used_mib=350)
    assert budget_mib(tmp_path) == 500


def test_the_reserve_is_not_taken_from_a_groups_limit(tmp_path):
    write_proc(tmp_path / 'proc', anonymous_mib=0)
    group = tmp_path / 'cgroup/user.slice/robot.service'
    write_cgroup_2(group, limit=str(1000 * MIB), used_mib=50)
    assert budget_mib(tmp_path, reserve_mib=500) == 1000


def test_a_share_is_taken_of_the_groups_limit_where_there_is_one(tmp_path):
    write_proc(tmp_path / 'proc', total_mib=8192)
    group = tmp_path / 'cgroup/user.slice/robot.service'
    write_cgroup_2(group, limit=str(1000 * MIB), used_mib=50)
    assert budget_mib(tmp_path, '60%') == 600


def test_a_jetson_is_known_by_its_board(tmp_path):
    write_proc(tmp_path / 'proc', board=ORIN_NANO)
    system = system_at(tmp_path)
    assert system.board == ORIN_NANO
    assert system.is_jetson
    assert 'asimddp' in system.cpu_flags


def test_a_jetsons_module_is_known_on_a_board_of_another_name(tmp_path):
    proc = write_proc(tmp_path / 'proc', board="Someone's Carrier")
    (proc / 'device-tree/compatible').write_bytes(b'someone,carrier\0nvidia,tegra234\0')
    assert system_at(tmp_path).is_jetson
    (proc / 'device-tree/compatible').write_bytes(b'someone,carrier\0brcm,bcm2712\0')
    assert not system_at(tmp_path).is_jetson


def test_a_machine_without_a_device_tree_is_no_jetson(tmp_path):
    write_proc(tmp_path / 'proc')
    assert not system_at(tmp_path).is_jetson


@pytest.mark.skipif(
    not Path('/proc/self/clear_refs').exists(), reason='this kernel cannot take it anew'
)
def test_the_peak_can_be_taken_anew():
    system = SystemMemory()
    held = bytearray(100 * MIB)
    held[:: 1 << 12] = bytes(len(held) // (1 << 12))
    high = system.own_peak_bytes
    del held
    system.forget_peak()
    assert system.own_peak_bytes < high - 50 * MIB


def test_where_there_is_no_peak_to_forget(tmp_path):
    system_at(tmp_path).forget_peak()


def test_this_machine_says_something():
    system = SystemMemory()
    assert 0 < system.own_anonymous_bytes < system.own_bytes <= system.own_peak_bytes
    assert system.available_bytes < system.total_bytes
    assert system.cpu_flags
    assert read_budget('auto', 0, system).bytes > 0

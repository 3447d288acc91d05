"""Folders that look like /proc and /sys/fs/cgroup, with what a test wants the system to say."""

from collections.abc import Mapping
from pathlib import Path

from nemotron_agent.llm.system_memory import SystemMemory

MIB = 1 << 20
ORIN_NANO = 'NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super'
_MEMINFO = """\
MemTotal:       {total:>8} kB
MemFree:          521472 kB
MemAvailable:   {available:>8} kB
Buffers:          118324 kB
Cached:          2231448 kB
SwapCached:            0 kB
"""
_STATUS = """\
Name:	python3
Umask:	0022
State:	S (sleeping)
VmPeak:	 1903224 kB
VmHWM:	{peak:>8} kB
VmRSS:	{resident:>8} kB
RssAnon:	{anonymous:>8} kB
RssFile:	   41200 kB
RssShmem:	       0 kB
"""
_CPUINFO = """\
processor	: 0
BogoMIPS	: 62.50
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimddp
CPU implementer	: 0x41
CPU part	: 0xd42
"""


def write_proc(
    folder: Path,
    *,
    total_mib: int = 8192,
    available_mib: int = 4096,
    anonymous_mib: int = 60,
    board: str = '',
    cgroup: str = '0::/user.slice/robot.service\n',
) -> Path:
    """Write a /proc of a machine and of this process."""
    own = {'anonymous': anonymous_mib * 1024}
    own['resident'] = own['peak'] = own['anonymous'] + 41200
    files = {
        'meminfo': _MEMINFO.format(total=total_mib * 1024, available=available_mib * 1024),
        'self/status': _STATUS.format(**own),
        'self/cgroup': cgroup,
        'cpuinfo': _CPUINFO,
    }
    if board:
        files['device-tree/model'] = f'{board}\0'
    return _write(folder, files)


def write_cgroup_2(
    folder: Path, *, limit: str, used_mib: int = 200, cached_mib: int = 50, high: str = 'max'
) -> Path:
    """Write a control group of version 2; `limit` and `high` as the kernel shows them."""
    stat = f'anon 1000\nfile {cached_mib * MIB}\ninactive_file {cached_mib * MIB}\nactive_file 0\n'
    return _write(
        folder,
        {
            'memory.max': f'{limit}\n',
            'memory.high': f'{high}\n',
            'memory.current': f'{used_mib * MIB}\n',
            'memory.stat': stat,
        },
    )


def write_cgroup_1(folder: Path, *, limit: int, used_mib: int = 200, cached_mib: int = 50) -> Path:
    """Write a control group of version 1."""
    stat = (
        'cache 0\nrss 1000\ninactive_file 0\nactive_file 0\n'
        f'total_inactive_file {cached_mib * MIB}\ntotal_active_file 0\n'
    )
    return _write(
        folder,
        {
            'memory.limit_in_bytes': f'{limit}\n',
            'memory.usage_in_bytes': f'{used_mib * MIB}\n',
            'memory.stat': stat,
        },
    )


def system_at(folder: Path) -> SystemMemory:
    """What the system says whose files lie in `proc` and `cgroup` below a folder."""
    return SystemMemory(folder / 'proc', folder / 'cgroup')


def _write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
    return folder

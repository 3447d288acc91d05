"""Control groups of Linux, of both versions, as far as they limit memory.

https://docs.kernel.org/admin-guide/cgroup-v2.html and cgroup-v1/memory.html.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

_NO_LIMIT = 1 << 60  # version 1 writes the greatest multiple of a page


@dataclasses.dataclass(frozen=True)
class Cgroup:
    """A control group with the memory controller.

    Attributes:
        folder: its files.
        version: 1 or 2.
    """

    folder: Path
    version: int

    @property
    def limit_bytes(self) -> int | None:
        """Most memory its processes may hold; None where it sets no limit."""
        names = ('memory.limit_in_bytes',) if self.version == 1 else ('memory.max', 'memory.high')
        limits = [limit for name in names if (limit := self._number(name)) is not None]
        return min((limit for limit in limits if limit < _NO_LIMIT), default=None)

    @property
    def used_bytes(self) -> int:
        """Memory its processes hold, without pages of files: those are given up for others."""
        name = 'memory.usage_in_bytes' if self.version == 1 else 'memory.current'
        prefix = 'total_' if self.version == 1 else ''
        pages = (f'{prefix}active_file', f'{prefix}inactive_file')
        cached = sum(
            int(value)
            for key, _, value in (line.partition(' ') for line in self._lines('memory.stat'))
            if key in pages
        )
        return max(0, (self._number(name) or 0) - cached)

    @property
    def stalled_percent(self) -> float | None:
        """As `SystemMemory.stalled_percent`, in this group; version 1 does not tell."""
        return stalled_percent(self._lines('memory.pressure'))

    def _number(self, name: str) -> int | None:
        lines = self._lines(name)
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def _lines(self, name: str) -> list[str]:
        try:
            return (self.folder / name).read_text(encoding='utf-8').splitlines()
        except OSError:
            return []


def stalled_percent(lines: Iterable[str]) -> float | None:
    """Share of the last ten seconds in which all that wanted to run waited, by a kernel's file.

    Pressure stall information (docs.kernel.org/accounting/psi.html); None where there is none.
    """
    for line in lines:
        kind, _, rest = line.partition(' ')
        averages = dict(part.split('=') for part in rest.split())
        if kind == 'full' and 'avg10' in averages:
            return float(averages['avg10'])
    return None


def cgroups_of(membership: Iterable[str], root: Path) -> Iterator[Cgroup]:
    """Give the groups that a process is in, each before its parent.

    Args:
        membership: lines of /proc/PID/cgroup.
        root: where the hierarchies are mounted, usually /sys/fs/cgroup.
    """
    for line in membership:
        number, _, rest = line.partition(':')
        controllers, _, path = rest.partition(':')
        if 'memory' in controllers.split(','):
            yield from _upwards(root / 'memory', path, 1)
        elif number == '0' and not controllers:
            yield from _upwards(root, path, 2)


def _upwards(mount: Path, path: str, version: int) -> Iterator[Cgroup]:
    folder = mount / path.strip('/')
    if not folder.is_dir():
        folder = mount  # inside a container the group is the root of what is mounted there
    while True:
        yield Cgroup(folder, version)
        if folder == mount:
            return
        folder = folder.parent

"""What the system says of memory: the machine's, this process's, and the limits set for it."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from nemotron_agent.llm.cgroup import Cgroup, cgroups_of, stalled_percent

_KIB = 1024


@dataclasses.dataclass(frozen=True)
class SystemMemory:
    """Reads the system's files anew at each question.

    Attributes:
        proc: where procfs is.
        cgroups: where the control groups are.
    """

    proc: Path = Path('/proc')
    cgroups: Path = Path('/sys/fs/cgroup')

    @property
    def total_bytes(self) -> int:
        """Memory of the machine."""
        return self._kib('meminfo', 'MemTotal')

    @property
    def available_bytes(self) -> int:
        """Memory that can be had without swapping, as the kernel estimates it."""
        return self._kib('meminfo', 'MemAvailable')

    @property
    def stalled_percent(self) -> float | None:
        """Share of the last ten seconds in which all that wanted to run waited for memory.

        None where the kernel does not tell.
        """
        return stalled_percent(self._lines('pressure/memory'))

    @property
    def own_bytes(self) -> int:
        """Memory this process holds, files included."""
        return self._kib('self/status', 'VmRSS')

    @property
    def own_anonymous_bytes(self) -> int:
        """Memory this process holds without the pages of files."""
        return self._kib('self/status', 'RssAnon')

    @property
    def own_peak_bytes(self) -> int:
        """Most memory this process has held since `forget_peak`."""
        return self._kib('self/status', 'VmHWM')

    def forget_peak(self) -> None:
        """Begin to take the peak anew, where the kernel can (proc_pid_clear_refs(5))."""
        with contextlib.suppress(OSError):
            (self.proc / 'self/clear_refs').write_text('5', encoding='utf-8')

    @property
    def board(self) -> str:
        """Name of the board, as its firmware gives it; empty where there is none."""
        return self._board_text('model')

    @property
    def is_jetson(self) -> bool:
        """Whether the GPU uses the CPU's memory."""
        if any(name in self.board for name in ('Jetson', 'Orin', 'Thor')):
            return True
        # Those who make boards for the module may name them as they like.
        return 'nvidia,tegra' in self._board_text('compatible')

    @property
    def cpu_flags(self) -> frozenset[str]:
        """What the first CPU can do, in the words of cpuinfo."""
        for line in self._lines('cpuinfo'):
            key, _, value = line.partition(':')
            if key.strip() in ('flags', 'Features'):
                return frozenset(value.split())
        return frozenset()

    def limited_groups(self) -> Iterator[Cgroup]:
        """Give the control groups of this process that limit its memory."""
        for group in cgroups_of(self._lines('self/cgroup'), self.cgroups):
            if group.limit_bytes is not None:
                yield group

    def _board_text(self, name: str) -> str:
        try:
            path = self.proc / 'device-tree' / name
            return path.read_text(encoding='utf-8', errors='replace').rstrip('\0\n')
        except OSError:
            return ''

    def _kib(self, file: str, key: str) -> int:
        for line in self._lines(file):
            name, _, value = line.partition(':')
            if name == key:
                return int(value.split()[0]) * _KIB
        return 0

    def _lines(self, file: str) -> list[str]:
        try:
            return (self.proc / file).read_text(encoding='utf-8').splitlines()
        except OSError:
            return []

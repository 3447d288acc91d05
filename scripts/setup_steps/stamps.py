"""Remembers what a step was done with, so that a second run can leave it out."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest(parts: Iterable[str | Path]) -> str:
    """Hash texts, and files and folders with their names and contents."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            files = sorted(p for p in part.rglob('*') if p.is_file()) if part.is_dir() else [part]
            for file in files:
                total.update(f'{file.relative_to(part.parent)}\0'.encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
        else:
            total.update(f'{part}\0'.encode())
    return total.hexdigest()


class Stamps:
    """One small file a step, holding the digest of what the step was last done with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_fresh(self, step: str, value: str) -> bool:
        """Return whether the step was finished with this very digest."""
        try:
            return (self._folder / step).read_text(encoding='utf-8') == value
        except OSError:
            return False

    def write(self, step: str, value: str) -> None:
        """Remember that the step is finished."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / step).write_text(value, encoding='utf-8')

    def forget(self, step: str) -> None:
        """Have the step done again next time, whatever happens in between."""
        (self._folder / step).unlink(missing_ok=True)

"""Runs a program with its output in a log file, and tells how far it is."""

import collections
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from setup_steps.errors import SetupError
from setup_steps.progress import Progress

TAIL_LINES = 15


class CommandError(SetupError):
    """A program that failed; `output` is the end of what it wrote."""

    def __init__(self, what: str, log: Path, output: str) -> None:
        super().__init__(f'{what} failed:\n{output}', f'see the whole log in {log}')
        self.output = output


def _no_detail(line: str) -> str:
    return ''


def run_logged(
    what: str,
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    log: Path,
    progress: Progress,
    detail: Callable[[str], str] = _no_detail,
    folder: Path | None = None,
) -> None:
    """Run a program to its end.

    Args:
        what: the program's purpose, for the error.
        command: program and arguments.
        environment: its whole environment.
        log: file that gets its output.
        progress: told about once a second.
        detail: makes a line of output into what is shown; an empty text keeps the last one.
        folder: where it runs.

    Raises:
        CommandError: it did not end with 0.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    tail: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
    shown = ['']
    with log.open('w', encoding='utf-8') as file:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
        )
        output = process.stdout
        assert output is not None

        def read() -> None:
            for line in output:
                file.write(line)
                if line.strip():
                    tail.append(line.rstrip())
                    shown[0] = detail(line) or shown[0]

        reader = threading.Thread(target=read, name=f'output of {what}')
        reader.start()
        try:
            while True:
                try:
                    process.wait(timeout=1.0)
                    break
                except subprocess.TimeoutExpired:
                    progress.tick(shown[0])
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            reader.join()
    if process.returncode != 0:
        raise CommandError(what, log, '\n'.join(f'    {line}' for line in tail))

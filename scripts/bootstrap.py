"""Makes `.venv` with all that the agent needs; `make setup` runs it. Standard library only."""

import os
import sys

OLDEST = (3, 10)
NEWEST = (3, 13)


def python_complaint(version: 'tuple[int, ...]') -> str:
    """Say what is wrong with a Python version, or return an empty string.

    This file has to parse with interpreters that are too old, so that they get this answer.
    """
    if OLDEST <= version <= NEWEST:
        return ''
    return (
        f'this is Python {version[0]}.{version[1]}, and the agent runs on 3.10 to 3.13: '
        'install one and name it, for example\n'
        '  sudo apt install python3.12 python3.12-venv python3.12-dev\n'
        '  make setup PYTHON=python3.12'
    )


def main() -> int:
    """Check the interpreter, then hand over to the steps."""
    complaint = python_complaint(sys.version_info[:2])
    if complaint:
        sys.stderr.write(f'set-up cannot start: {complaint}\n')
        return 1
    # Only now: the steps use syntax that old interpreters do not know.
    from setup_steps.main import run

    return run(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


if __name__ == '__main__':
    sys.exit(main())

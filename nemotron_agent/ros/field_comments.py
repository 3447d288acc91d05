"""What an interface file says of its fields: `float32 x   # how far [m]`."""

import functools
import re
from pathlib import Path
from typing import Any

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory

FIELD = re.compile(
    r'^\s*[\w/]+(?:<=\d+)?(?:\[[<=\d]*\])?\s+(?P<name>[a-z]\w*)\b[^#]*(?:#(?P<comment>.*))?$'
)
CONSTANT = re.compile(r'^\s*\w+\s+[A-Z]\w*\s*=')
UNIT = re.compile(r'\[([^\[\]]{1,12})\]')
FOLDER_OF = {'msg': 'msg', 'srv': 'srv', 'action': 'action'}
PART_OF = {'Goal': 0, 'Request': 0, 'Result': 1, 'Response': 1, 'Feedback': 2}


def field_comments(message_class: Any) -> dict[str, tuple[str, str]]:
    """Map fields to comment and unit, as far as the package's interface file is installed."""
    module = message_class.__module__.split('.')
    if len(module) < 2 or module[1] not in FOLDER_OF:
        return {}
    name, _, part = message_class.__name__.partition('_')
    text = _interface_text(module[0], f'{module[1]}/{name}.{module[1]}')
    parts = re.split(r'^---\s*$', text, flags=re.MULTILINE)
    index = PART_OF.get(part, 0)
    return comments_in(parts[index]) if index < len(parts) else {}


def comments_in(text: str) -> dict[str, tuple[str, str]]:
    """Map the fields of one part of an interface file to comment and unit.

    A comment is at the end of the field's line, or on lines of its own right above; those at the
    top are about the whole message.
    """
    found = {}
    above: list[str] = []
    at_top = True
    for line in text.strip().splitlines():
        stripped = line.strip()
        match = FIELD.match(line)
        if stripped.startswith('#') and at_top:
            continue
        at_top = False
        if stripped.startswith('#'):
            above.append(stripped.lstrip('# '))
        elif match and not CONSTANT.match(line):
            comment = (match['comment'] or '').strip() or ' '.join(above)
            unit = UNIT.search(comment)
            words = UNIT.sub('', comment, count=1) if unit else comment
            words = re.sub(r'\s+([,.;:)])', r'\1', ' '.join(words.split()))
            found[match['name']] = (words, unit.group(1) if unit else '')
            above = []
        else:
            above = []
    return found


@functools.lru_cache(maxsize=64)
def _interface_text(package: str, path: str) -> str:
    try:
        file = Path(get_package_share_directory(package), path)
        return file.read_text(encoding='utf-8')
    except (PackageNotFoundError, OSError, UnicodeDecodeError):
        return ''

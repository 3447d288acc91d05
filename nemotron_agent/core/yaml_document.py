"""A YAML file whose values know their lines."""

from pathlib import Path
from typing import Any

import yaml

from nemotron_agent.core.errors import DocumentError

MAX_NODES = 100_000

KeyPath = tuple[str | int, ...]


class YamlDocument:
    """The data of a YAML text, and the line of each key in it.

    Args:
        text: the YAML.
        source: name of the file, for errors.
        first_line: line of the file in which the text begins.

    Raises:
        DocumentError: not YAML, a key given twice, or nested without end.
    """

    def __init__(self, text: str, source: str, first_line: int = 1) -> None:
        self.source = source
        self._first_line = first_line
        self._lines: dict[KeyPath, int] = {}
        self._open_nodes: set[int] = set()
        loader = yaml.SafeLoader(_printable(text, source))
        try:
            root = loader.get_single_node()
            if root is not None:
                self._walk(root, ())
            self.data: Any = None if root is None else loader.construct_document(root)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            mark = getattr(error, 'problem_mark', None) or getattr(error, 'context_mark', None)
            problem = getattr(error, 'problem', None) or str(error) or 'nested too deep'
            where = f'{source}:{mark.line + first_line}' if mark else source
            raise DocumentError(f'{where}: this is not YAML: {problem}') from error
        finally:
            loader.dispose()

    @classmethod
    def load(cls, path: Path) -> 'YamlDocument':
        """Read a file.

        Raises:
            DocumentError: it cannot be read, or its content cannot be used.
        """
        try:
            text = path.read_text(encoding='utf-8')
        except OSError as error:
            raise DocumentError(
                f'{path}: cannot be read ({error.strerror}): check the path'
            ) from error
        except UnicodeDecodeError as error:
            raise DocumentError(
                f'{path}: byte {error.start} is not UTF-8: save the file as UTF-8'
            ) from error
        return cls(text, str(path))

    def known_path(self, keys: KeyPath) -> KeyPath:
        """Give the part of a key path that is in the file, leaving out steps that are not."""
        found: KeyPath = ()
        for key in keys:
            if (*found, key) in self._lines:
                found = (*found, key)
        return found

    def line(self, keys: KeyPath) -> int:
        """Line of a key, or of the nearest one around it."""
        return self._lines.get(self.known_path(keys), self._first_line)

    def _walk(self, node: yaml.Node, path: KeyPath) -> None:
        line = node.start_mark.line + self._first_line
        self._lines.setdefault(path, line)
        if len(self._lines) > MAX_NODES:
            raise DocumentError(f'{self.source}: more than {MAX_NODES} values: split the file')
        if id(node) in self._open_nodes:
            raise DocumentError(f'{self.source}:{line}: an alias contains itself: write it out')
        self._open_nodes.add(id(node))
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key_node, value_node in node.value:
                key = str(key_node.value)
                key_line = key_node.start_mark.line + self._first_line
                if key in seen and key != '<<':
                    raise DocumentError(
                        f'{self.source}:{key_line}: the key "{key}" is given twice: remove one'
                    )
                seen.add(key)
                self._lines[(*path, key)] = key_line
                self._walk(value_node, (*path, key))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._walk(item, (*path, index))
        self._open_nodes.discard(id(node))


def _printable(text: str, source: str) -> str:
    """Refuse characters that YAML forbids, with their line (PyYAML gives none)."""
    match = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if match:
        line = text.count('\n', 0, match.start()) + 1
        raise DocumentError(
            f'{source}:{line}: the character {match.group()!r} is not allowed in YAML: remove it'
        )
    return text

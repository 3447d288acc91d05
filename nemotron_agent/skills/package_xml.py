"""Skills embedded in a package.xml, as the draft REP has them: `<export><skill ...>`."""

import textwrap
import xml.parsers.expat
from pathlib import Path

from nemotron_agent.core.errors import DocumentError
from nemotron_agent.core.yaml_document import YamlDocument

CONTENT_TYPES = ('yaml', 'json')


def load_package_xml(path: Path) -> YamlDocument:
    """Read the skills of a package.xml as if they were a manifest of their own.

    Lines of the document are those of the file.

    Raises:
        DocumentError: the file cannot be read, is no XML, or refers to other files.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DocumentError(
            f'{path}: cannot be read ({error.strerror}): check the path'
        ) from error
    finder = _SkillFinder(str(path))
    try:
        finder.parser.Parse(content, True)
    except xml.parsers.expat.ExpatError as error:
        raise DocumentError(f'{path}:{error.lineno}: this is not XML: {error}') from error
    return YamlDocument(finder.manifest_text(), str(path))


class _SkillFinder:
    """Collects the text of skill elements and the lines they begin at."""

    def __init__(self, source: str) -> None:
        self.parser = xml.parsers.expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._take_text
        self._source = source
        self._open: list[str] = []
        self._skills: list[tuple[int, list[str]]] = []

    def manifest_text(self) -> str:
        """Write a manifest with each skill on the lines it has in the file."""
        lines = ['skills:']
        for line, pieces in self._skills:
            text = ''.join(pieces)
            first, _, rest = text.partition('\n')
            lines += [''] * (line - 1 - len(lines))
            lines.append(f'  - {first.strip()}')
            lines += textwrap.indent(textwrap.dedent(rest), '    ').split('\n')
        return '\n'.join(lines)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == 'skill' and self._open[-1:] == ['export']:
            line = self.parser.CurrentLineNumber
            where = f'{self._source}:{line}'
            if 'src' in attributes:
                raise DocumentError(f'{where}: "src" is not supported: put the skill here')
            kind = attributes.get('content-type', '')
            if kind not in CONTENT_TYPES:
                raise DocumentError(
                    f'{where}: content-type "{kind}" is not supported: use one of: '
                    f'{", ".join(CONTENT_TYPES)}'
                )
            self._skills.append((line, []))
        self._open.append(name)

    def _end(self, name: str) -> None:
        self._open.pop()

    def _take_text(self, text: str) -> None:
        if self._open[-2:] == ['export', 'skill']:
            self._skills[-1][1].append(text)

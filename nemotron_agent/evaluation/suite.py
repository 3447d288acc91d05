"""Suites: named folders that come with the package, and files of anybody."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pydantic

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.problems import (
    MAX_PROBLEMS,
    MISSING,
    Problem,
    key_text,
    near_miss,
    problems_of,
    shown,
)
from nemotron_agent.core.resource_paths import share_directory
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.evaluation.case import KEYS_OF, Case, SuiteFile
from nemotron_agent.evaluation.case_checks import problems_in
from nemotron_agent.evaluation.robot import (
    InputsOf,
    Robot,
    RobotFiles,
    declared_inputs,
    load_robot,
)

ROBOTS_FOLDER = 'robots'


class SuiteError(ConfigurationError):
    """A suite that cannot be used: file, line, conversation, key, value and what to do."""


@dataclasses.dataclass(frozen=True)
class SuiteEntry:
    """A conversation, the robot it is held with, and a digest of what its file says of it."""

    case: Case
    robot: Robot
    digest: str


@dataclasses.dataclass(frozen=True)
class Suite:
    """Conversations to hold."""

    name: str
    entries: tuple[SuiteEntry, ...]

    @property
    def digest(self) -> str:
        """Changes with what any of its conversations says."""
        return digest_of([entry.digest for entry in self.entries])

    def only(self, wanted: Sequence[str]) -> 'Suite':
        """Leave those of these ids, or with a turn of one of these tags; all if none is given.

        Raises:
            SuiteError: one is neither.
        """
        if not wanted:
            return self
        names = {entry.case.id: {entry.case.id, *_tags(entry.case)} for entry in self.entries}
        known = set().union(*names.values())
        for word in wanted:
            if word not in known:
                raise SuiteError(
                    f'--only: "{word}" is no conversation and no tag of {self.name}: '
                    f'{near_miss(word, sorted(known))}'
                )
        kept = tuple(e for e in self.entries if names[e.case.id] & set(wanted))
        return dataclasses.replace(self, entries=kept)


def digest_of(value: Any) -> str:
    """A short digest of JSON values."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def suite_names() -> list[str]:
    """Names of the suites that come with the package."""
    folder = _shipped_suites()
    if not folder.is_dir():
        return []
    return sorted(p.name for p in folder.iterdir() if p.is_dir() and p.name != ROBOTS_FOLDER)


def load_suite(
    name_or_path: str,
    robot_files: RobotFiles = RobotFiles(),  # noqa: B008 (frozen)
    inputs_of: InputsOf = declared_inputs,
) -> Suite:
    """Read a suite: the name of a shipped one, a file, or a folder of files.

    Raises:
        ConfigurationError: with all that is wrong with a file, or with the robot it names.
    """
    entries: list[SuiteEntry] = []
    for document in map(YamlDocument.load, _files_of(name_or_path)):
        entries += _entries(document, robot_files, inputs_of, entries)
    path = Path(name_or_path)
    return Suite(path.stem if path.suffix else path.resolve().name, tuple(entries))


def _files_of(name_or_path: str) -> list[Path]:
    path = Path(name_or_path).expanduser()
    if path.parts == (name_or_path,) and name_or_path in suite_names():
        path = _shipped_suites() / name_or_path
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise SuiteError(
            f'there is no suite "{name_or_path}": give a file, a folder, or one of: '
            f'{", ".join(suite_names()) or "(none is installed)"}'
        )
    files = sorted([*path.glob('*.yaml'), *path.glob('*.yml')])
    if not files:
        raise SuiteError(f'{path}: there is no suite in this folder: give one with .yaml files')
    return files


def _shipped_suites() -> Path:
    return share_directory() / 'config' / 'evaluation'


def _entries(
    document: YamlDocument,
    robot_files: RobotFiles,
    inputs_of: InputsOf,
    before: Sequence[SuiteEntry],
) -> Iterator[SuiteEntry]:
    if not isinstance(document.data, dict):
        raise _error(document, [Problem((), 'this is no suite', 'begin with "conversations:"')])
    try:
        file = SuiteFile.model_validate(document.data)
    except pydantic.ValidationError as error:
        raise _error(document, problems_of(error, KEYS_OF)) from error
    folder = Path(document.source).parent / file.robot if file.robot else None
    robot = _robot(folder, robot_files, inputs_of)
    seen = {entry.case.id for entry in before}
    problems = []
    for index, case in enumerate(file.conversations):
        if case.id in seen:
            problem = 'another conversation of the suite has this id'
            problems.append(Problem(('conversations', index, 'id'), problem, 'rename one'))
        seen.add(case.id)
        for problem_in_case in problems_in(case, robot):
            keys = ('conversations', index, *problem_in_case.keys)
            problems.append(dataclasses.replace(problem_in_case, keys=keys))
    if problems:
        raise _error(document, problems)
    for case, raw in zip(file.conversations, document.data['conversations'], strict=True):
        yield SuiteEntry(case, robot, digest_of(raw))


def _tags(case: Case) -> set[str]:
    return {tag for turn in case.turns for tag in case.tags_of(turn)}


def _robot(folder: Path | None, files: RobotFiles, inputs_of: InputsOf) -> Robot:
    return load_robot(folder.resolve() if folder else None, files, inputs_of)


def _error(document: YamlDocument, problems: Sequence[Problem]) -> SuiteError:
    lines = [_line_of(document, problem) for problem in problems[:MAX_PROBLEMS]]
    if len(problems) > MAX_PROBLEMS:
        lines.append(f'... and {len(problems) - MAX_PROBLEMS} more')
    return SuiteError('\n'.join(lines))


def _line_of(document: YamlDocument, problem: Problem) -> str:
    known = document.known_path(problem.keys)
    where = f'{document.source}:{document.line(known)}'
    keys = (*known, problem.keys[-1]) if problem.message == MISSING else known
    if len(known) >= 2 and known[0] == 'conversations' and isinstance(known[1], int):
        where += f': {_name_of(document.data, known[1])}'
        keys = keys[2:]
    parts = (where, key_text(keys), problem.message, problem.remedy)
    return ': '.join(part for part in parts if part)


def _name_of(data: Any, index: int) -> str:
    case = data['conversations'][index]
    name = case.get('id') if isinstance(case, dict) else None
    return f'conversation {shown(name)}' if name else f'conversation number {index + 1}'

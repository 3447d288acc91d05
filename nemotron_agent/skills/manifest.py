"""The skill manifest: a YAML file that says what the robot can do."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pydantic

from nemotron_agent.core.builtin_tools import RESERVED_NAMES
from nemotron_agent.core.document_model import DocumentModel
from nemotron_agent.core.errors import DocumentError
from nemotron_agent.core.problems import Problem, document_error, problems_of, shown
from nemotron_agent.core.yaml_document import KeyPath, YamlDocument
from nemotron_agent.skills.package_xml import load_package_xml
from nemotron_agent.skills.places import Places
from nemotron_agent.skills.skill import KEYS_OF, Skill
from nemotron_agent.skills.skill_checks import problems_in


class _SkillList(DocumentModel):
    skills: tuple[Skill, ...]


@dataclasses.dataclass(frozen=True)
class Manifest:
    """Skills in the order to show them, and the places they may name."""

    skills: tuple[Skill, ...]
    places: Places
    document: YamlDocument

    def error(self, skill: Skill, keys: KeyPath, message: str, remedy: str) -> DocumentError:
        """Make an error about one key of a skill, with its file and line."""
        index = self.skills.index(skill)
        return document_error(self.document, [Problem(('skills', index, *keys), message, remedy)])


def load_manifest(path: Path, places: Places) -> Manifest:
    """Read a manifest file, or a package.xml with skills in it.

    Raises:
        DocumentError: with the file, line, skill and key of all that is wrong.
    """
    document = load_package_xml(path) if path.suffix == '.xml' else YamlDocument.load(path)
    return read_manifest(document, places)


def read_manifest(document: YamlDocument, places: Places) -> Manifest:
    """Read a manifest from YAML; see `load_manifest`."""
    if not isinstance(document.data, dict):
        problem = Problem((), 'this is no skill manifest', 'begin with "skills:" and a list')
        raise document_error(document, [problem])
    try:
        skills = _SkillList.model_validate(_with_lists(document.data)).skills
    except pydantic.ValidationError as error:
        raise document_error(document, problems_of(error, KEYS_OF)) from error
    problems = [*_problems_of_ids(skills), *_problems_of_paths(skills)]
    for index, skill in enumerate(skills):
        for problem in problems_in(skill, places):
            problems.append(dataclasses.replace(problem, keys=('skills', index, *problem.keys)))
    if problems:
        raise document_error(document, problems)
    return Manifest(skills, places, document)


def _with_lists(data: dict[str, Any]) -> dict[str, Any]:
    """Take an empty `skills:` for an empty list: a robot may have no skills."""
    return {**data, 'skills': []} if data.get('skills', 0) is None else data


def _problems_of_ids(skills: Sequence[Skill]) -> list[Problem]:
    problems = []
    first: dict[str, int] = {}
    for index, skill in enumerate(skills):
        keys: KeyPath = ('skills', index, 'id')
        if skill.id in RESERVED_NAMES:
            problems.append(Problem(keys, f'{shown(skill.id)} is a built-in tool', 'rename it'))
        if skill.id in first:
            problems.append(
                Problem(keys, f'skill number {first[skill.id] + 1} has this id too', 'rename one')
            )
        first.setdefault(skill.id, index)
    return problems


def _problems_of_paths(skills: Sequence[Skill]) -> Iterator[Problem]:
    """One name has one type; ROS would connect neither and say nothing."""
    users: dict[tuple[str, str], Skill] = {}
    for index, skill in enumerate(skills):
        user = users.setdefault((skill.interface, skill.interface_path), skill)
        if user.datatype != skill.datatype:
            yield Problem(
                ('skills', index, 'datatype'),
                f'skill {shown(user.id)} uses {skill.interface_path} as {user.datatype}',
                'correct one of them',
            )

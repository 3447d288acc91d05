import re
from pathlib import Path

import pytest
import yaml

from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.skills.manifest import read_manifest
from nemotron_agent.skills.parameter import Parameter
from nemotron_agent.skills.places import read_places
from nemotron_agent.skills.result_rules import ResultRules
from nemotron_agent.skills.skill import Skill

TEXT = (Path(__file__).parents[2] / 'docs' / 'skills.md').read_text(encoding='utf-8')


def table(heading: str) -> dict[str, list[str]]:
    """Rows of the table in a section, by the key in their first cell."""
    section = TEXT.split(f'\n## {heading}\n')[1].split('\n## ')[0]
    rows = [
        line.strip('|').split(' | ') for line in section.splitlines() if line.startswith('| `')
    ]
    return {row[0].strip(' `'): [cell.strip() for cell in row[1:]] for row in rows}


def examples() -> list[str]:
    return re.findall(r'```yaml\n(.*?)```', TEXT, flags=re.DOTALL)


@pytest.mark.parametrize(
    ('heading', 'model'),
    [('Keys of a skill', Skill), ('Arguments', Parameter), ('Result', ResultRules)],
)
def test_every_key_is_explained(heading, model):
    assert set(table(heading)) == set(model.model_fields)


@pytest.mark.parametrize(
    ('heading', 'model'), [('Keys of a skill', Skill), ('Arguments', Parameter)]
)
def test_the_defaults_are_right(heading, model):
    for key, (default, _) in table(heading).items():
        field = model.model_fields[key]
        assert (default == 'required') == field.is_required(), key
        value = re.fullmatch(r'`([^<]*)`', default)
        if value:
            expected = field.get_default(call_default_factory=True)
            given = yaml.safe_load(value[1])
            assert (tuple(given) if isinstance(given, list) else given) == expected, key


def test_the_examples_can_be_read():
    manifest, places = examples()
    read_manifest(YamlDocument(manifest, 'docs'), read_places(YamlDocument(places, 'docs')))

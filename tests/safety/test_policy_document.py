import re
from pathlib import Path

import pytest
import yaml

from nemotron_agent.cli.main import main
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.perception.fact_store import FactStore
from nemotron_agent.ros.policy_loading import read_policy
from nemotron_agent.safety.policy_file import (
    Bound,
    Confirmation,
    FactTopic,
    PolicyFile,
    Precondition,
    Rate,
    Rule,
    Zones,
)
from nemotron_agent.skills.manifest import load_manifest
from nemotron_agent.skills.places import load_places

TEXT = (Path(__file__).parents[2] / 'docs' / 'safety.md').read_text()
SHIPPED = config_file('policy.yaml').read_text()
EXAMPLE = re.compile(r'^# [a-z_]+:\n(?:# {2,}.*\n)+', re.MULTILINE)


def keys_after(marker):
    """The keys of the first table after a piece of text."""
    table = TEXT[TEXT.index(marker) :].split('\n\n|', 1)[1].split('\n\n', 1)[0]
    return set(re.findall(r'^\|? ?`([a-z_]+)` \|', table, re.MULTILINE))


@pytest.mark.parametrize(
    ('marker', 'model'),
    [
        ('All rules have these keys', Rule),
        ('`bounds`: on a number', Bound),
        ('`rates`: sliding windows', Rate),
        ('`preconditions`: give', Precondition),
        ('`confirmations`: the first', Confirmation),
        ('### Facts', FactTopic),
        ('### Zones', Zones),
    ],
)
def test_every_key_is_explained(marker, model):
    own = set(model.model_fields) - (set() if model is Rule else set(Rule.model_fields))
    assert keys_after(marker) == own


def test_every_section_is_explained():
    assert all(f'`{key}`' in TEXT for key in PolicyFile.model_fields)


def test_the_examples_of_the_shipped_policy_can_be_used():
    examples = [re.sub('^# ?', '', text, flags=re.MULTILINE) for text in EXAMPLE.findall(SHIPPED)]
    sections = {key for text in examples for key in yaml.safe_load(text)}
    assert sections >= {'deny', 'bounds', 'facts', 'preconditions', 'zones', 'confirmations'}
    manifest = load_manifest(config_file('skills.yaml'), load_places(config_file('places.yaml')))
    document = YamlDocument('\n'.join([SHIPPED, *examples]), 'policy.yaml')
    policy = read_policy(document, manifest, FactStore())
    assert policy.file.zones.keep_out


def test_the_command_of_the_shipped_policy_works(capsys):
    command = re.search(r'#   nemotron-agent policy explain (\S+) (\'.*\') (.*)', SHIPPED)
    skill, arguments, options = command.groups()
    assert main(['policy', 'explain', skill, arguments.strip("'"), *options.split()]) == 0
    assert 'allowed by the rule "allow: those in charge"' in capsys.readouterr().out

from pathlib import Path

import pytest
import yaml

pytest.importorskip('rclpy')

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.ros.parameters import PARAMETERS, AgentParameters

DOCS = Path(__file__).parents[2] / 'docs' / 'ros_interfaces.md'


class Values:
    """What a node with the default parameters, and some others, gives."""

    def __init__(self, **values):
        self._values = {name: p.default for name, p in PARAMETERS.items()} | values

    def get_parameter(self, name):
        value = self._values[name]
        return type('Parameter', (), {'value': value})


def test_parameters_are_read_by_name():
    assert AgentParameters(Values(n_ctx=1024)).n_ctx == 1024
    with pytest.raises(AttributeError):
        _ = AgentParameters(Values()).no_such_thing


def test_a_choice_that_is_none():
    with pytest.raises(ConfigurationError, match='kv_type is "f8": choose one of auto, f16, q8_0'):
        AgentParameters(Values(kv_type='f8'))


@pytest.mark.parametrize(('written', 'read'), [(True, 'on'), (False, 'off'), ('auto', 'auto')])
def test_a_switch_may_be_what_yaml_makes_of_on_and_off(written, read):
    parameters = AgentParameters(Values(thinking=written, flash_attention=written))
    assert (parameters.thinking, parameters.flash_attention) == (read, read)


def test_the_docs_name_every_parameter_and_its_default():
    rows = [line.split(' | ') for line in DOCS.read_text().splitlines() if line.startswith('| `')]
    shown = {row[0].strip('| `'): row[1].strip('`') for row in rows}
    for name, parameter in PARAMETERS.items():
        assert yaml.safe_load(shown[name]) == parameter.default, name


def test_the_shipped_parameter_file_holds_the_defaults():
    document = yaml.safe_load(config_file('agent.yaml').read_text())
    values = document['/**/nemotron_agent']['ros__parameters']
    assert values == {name: parameter.default for name, parameter in PARAMETERS.items()}

from pathlib import Path

import pytest

from nemotron_agent.core.errors import DocumentError
from nemotron_agent.skills.manifest import load_manifest
from nemotron_agent.skills.places import Places

PACKAGE = """\
<?xml version="1.0"?>
<package format="3">
  <name>my_skills</name>
  <export>
    <build_type>ament_cmake</build_type>
    <skill content-type="yaml">
      id: navigate
      version: 1.0.0
      description: |
        Drive &amp; stop
        at the pose.
      interface: action
      datatype: nav_skills/action/Navigate.action
      default_interface_path: /skill/navigate
      functional_domains:
        - navigation
      parameters:
        in:
          - name: meta.priority
            type: integer
            default: 128
    </skill>
    <skill content-type="json"><![CDATA[{"id": "stop",
      "description": "Stop <now>.",
      "interface": "service",
      "datatype": "nav_skills/srv/Stop"}]]></skill>
  </export>
</package>
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    file = tmp_path / 'package.xml'
    file.write_text(PACKAGE, encoding='utf-8')
    return file


def error_of(file: Path, old: str, new: str) -> str:
    assert old in PACKAGE
    file.write_text(PACKAGE.replace(old, new), encoding='utf-8')
    with pytest.raises(DocumentError) as caught:
        load_manifest(file, Places())
    return str(caught.value).replace(str(file), 'package.xml')


def test_skills_of_a_package(package):
    navigate, stop = load_manifest(package, Places()).skills
    assert navigate.description == 'Drive & stop\nat the pose.\n'
    assert navigate.datatype == 'nav_skills/action/Navigate'
    assert navigate.inputs[0].argument == 'meta_priority'
    assert stop.description == 'Stop <now>.'


def test_a_package_without_skills(package):
    package.write_text('<package><skill>no export</skill></package>', encoding='utf-8')
    assert load_manifest(package, Places()).skills == ()


@pytest.mark.parametrize(
    ('old', 'new', 'expected'),
    [
        (
            'interface: action',
            'interface: acton',
            'package.xml:12: skill "navigate": interface: "acton" is not one of the values',
        ),
        (
            '"interface": "service"',
            '"interface": "servise"',
            'package.xml:25: skill "stop": interface: "servise" is not one of the values',
        ),
        ('default: 128', 'default: [128', 'package.xml:2'),
        ('</export>', '', 'package.xml:28: this is not XML: mismatched tag'),
        (
            'content-type="yaml"',
            'content-type="toml"',
            'package.xml:6: content-type "toml" is not supported: use one of: yaml, json',
        ),
        (
            'content-type="yaml"',
            'content-type="yaml" src="navigate.yaml"',
            'package.xml:6: "src" is not supported: put the skill here',
        ),
    ],
)
def test_what_is_refused(package, old, new, expected):
    assert error_of(package, old, new).startswith(expected)


def test_a_file_that_is_missing(tmp_path):
    with pytest.raises(DocumentError, match='cannot be read .No such file'):
        load_manifest(tmp_path / 'package.xml', Places())

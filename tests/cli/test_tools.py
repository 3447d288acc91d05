import argparse
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from nemotron_agent.cli import tools

MANIFEST = """\
skills:
  - id: wave
    description: Wave a hand.
    interface: service
    datatype: pkg/srv/Wave
    parameters:
      in:
        - {name: times, type: integer, required: true, minimum: 1, maximum: 9}
        - {name: hand, type: string, enum: [left, right], default: right}
        - {name: words, type: string, max_length: 20}
"""


def run(*args: str) -> int:
    parser = argparse.ArgumentParser()
    tools.add_parser(parser.add_subparsers())
    options = parser.parse_args(['tools', *args])
    return options.run(options)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    file = tmp_path / 'skills.yaml'
    file.write_text(MANIFEST, encoding='utf-8')
    return file


def test_the_shipped_tools_as_json(capsys):
    assert run('--json') == 0
    listed = json.loads(capsys.readouterr().out)
    names = [tool['name'] for tool in listed]
    assert 'navigate_to' in names
    assert names[-3:] == ['answer', 'ask_operator', 'decline']
    for tool in listed:
        jsonschema.Draft202012Validator.check_schema(tool['parameters'])
        assert tool['parameters']['additionalProperties'] is False
        assert tool['builtin'] is (tool['name'] in names[-3:])


def test_tools_as_text(capsys, manifest):
    assert run('--skills', str(manifest)) == 0
    assert capsys.readouterr().out.splitlines()[:4] == [
        'wave: Wave a hand.',
        '    times: times (integer, from 1, to 9)',
        '    hand: hand (one of left, right, default "right", optional)',
        '    words: words (string, at most 20, optional)',
    ]


def test_a_bad_manifest(capsys, manifest):
    manifest.write_text(MANIFEST.replace('service', 'servise'), encoding='utf-8')
    assert run('--skills', str(manifest)) == 1
    said = capsys.readouterr()
    assert said.out == ''
    assert 'skills.yaml:4: skill "wave": interface: "servise"' in said.err


def test_a_bad_places_file(capsys, tmp_path):
    assert run('--places', str(tmp_path / 'none.yaml')) == 1
    assert 'none.yaml: cannot be read' in capsys.readouterr().err


def test_arguments_from_a_type_that_is_not_installed(capsys, manifest):
    head, _, _ = MANIFEST.partition('    parameters:')
    manifest.write_text(head, encoding='utf-8')
    assert run('--skills', str(manifest)) == 1
    assert 'skills.yaml:5: skill "wave": datatype: the ROS package pkg is not installed' in (
        capsys.readouterr().err
    )


def test_ros_is_not_loaded_for_a_full_manifest():
    code = (
        'import argparse, sys\n'
        'from nemotron_agent.cli import tools\n'
        'assert tools.run(argparse.Namespace(json=True, skills=None, places=None)) == 0\n'
        'assert not {"rclpy", "rosidl_parser"} & set(sys.modules)\n'
    )
    ended = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr

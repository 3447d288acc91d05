"""`nemotron-agent memory`."""

import json

import pytest

from nemotron_agent.cli.main import main

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _no_weights(tmp_path, monkeypatch):
    monkeypatch.setenv('NEMOTRON_AGENT_MODEL_DIR', str(tmp_path))


def record_of(capsys, *arguments, status=0):
    assert main(['memory', *arguments, '--json']) == status
    return json.loads(capsys.readouterr().out)


def sizes(record):
    found = {}
    for part in record['plan']['parts']:
        found[part['name']] = found.get(part['name'], 0) + part['bytes']
    return found


def test_the_default_model_on_a_robot_that_is_elsewhere(capsys):
    record = record_of(capsys, '--device', 'orin-nano-8gb', '--snapshot-slots', '1')
    parts = sizes(record)
    assert record['fits']
    assert parts['weights'] == pytest.approx(2.83e9, rel=0.001)
    assert parts['kv_cache'] == 128 * MIB
    assert parts['recurrent_state'] == parts['snapshots'] == 85026816
    assert parts['outputs'] == 2 * 131072 * 4
    assert 'weights_repacked' not in parts
    assert record['budget_bytes'] == (7620 - 1500) * MIB - 512 * 10**6


def test_a_table_for_people(capsys):
    assert main(['memory', '--device', 'orin-nano-8gb']) == 0
    shown = capsys.readouterr().out
    for word in ('kv_cache', '128', 'snapshots', '324', 'needed', 'budget', 'orin-nano-8gb'):
        assert word in shown
    assert 'does not fit' not in shown


def test_what_would_fit_where_it_does_not(capsys):
    arguments = ['--device', 'orin-nano-8gb', '--budget', '4GB']
    assert main(['memory', *arguments]) == 1
    shown = capsys.readouterr().out
    assert 'it does not fit' in shown
    assert 'what would fit' in shown
    record = record_of(capsys, *arguments, status=1)
    assert not record['fits']
    assert record['would_fit'][0]['n_ctx'] == 8192
    assert all(plan['needed_bytes'] <= 4_000_000_000 for plan in record['would_fit'])


def test_nothing_fits_on_a_small_board(capsys):
    assert main(['memory', '--device', 'orin-nano-4gb']) == 1
    assert 'no settings fit' in capsys.readouterr().out


def test_settings_are_chosen_where_they_are_left_open(capsys):
    record = record_of(
        capsys,
        *('--device', 'orin-nano-8gb', '--budget', '4GB'),
        *('--n-ctx', '0', '--snapshot-slots', '-1', '--kv-type', 'auto'),
    )
    assert record['fits']
    assert record['plan']['n_ctx'] == 8192
    assert record['plan']['needed_bytes'] <= 4_000_000_000


def test_a_file_on_this_machine(capsys, tiny_hybrid_path):
    record = record_of(capsys, '--model', str(tiny_hybrid_path), '--n-gpu-layers', '0')
    assert record['device'] is None
    assert sizes(record)['weights'] == 758816


@pytest.mark.parametrize(
    ('arguments', 'told'),
    [
        (['--device', 'toaster'], "there is no device 'toaster'"),
        (['--model', 'nobody'], "there is no model 'nobody'"),
        (['--budget', 'much'], 'memory_budget is "much"'),
        (['--n-ctx', '12'], 'n_ctx is 12'),
        (['--model', './none.gguf'], 'cannot read the model file none.gguf'),
    ],
)
def test_what_cannot_be_planned(capsys, arguments, told):
    assert main(['memory', *arguments]) == 2
    assert told in capsys.readouterr().err

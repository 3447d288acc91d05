import pytest

from nemotron_agent.cli.main import main

POLICY = """
allow:
  - {rule: everybody, origins: ['*'], skills: ['*']}
bounds:
  - {rule: short, skills: [drive], argument: distance_m, maximum: 2, outside: clamp}
facts:
  battery: {topic: battery_state, type: sensor_msgs/msg/BatteryState, field: percentage}
  pose: {topic: odom, type: nav_msgs/msg/Odometry, field: pose.pose}
preconditions:
  - {rule: charged, skills: [drive], fact: battery, minimum: 0.2, max_age_sec: 10}
zones:
  margin_m: 0.3
  localisation: {fact: pose, max_age_sec: 1}
  keep_out: {stairs: [[-3, -1], [-2, -1], [-2, 1], [-3, 1]]}
confirmations:
  - {rule: grasping, skills: [grasp]}
"""
FORWARD = '{"direction": "forward", "distance_m": %s}'
CHARGED = ['--fact', 'battery=0.5']


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / 'policy.yaml'
    path.write_text(POLICY)
    return str(path)


def test_the_shipped_policy_fits_the_shipped_robot(capsys):
    assert main(['policy', 'check']) == 0
    assert 'allow: those in charge' in capsys.readouterr().out


def test_a_policy_that_cannot_be_used(capsys, tmp_path):
    path = tmp_path / 'policy.yaml'
    path.write_text('allow: [{rule: a, skills: [fly], origins: [action]}]\n')
    assert main(['policy', 'check', str(path)]) == 1
    assert f'{path}:1: allow[0].skills[0]: there is no skill "fly"' in capsys.readouterr().err
    assert main(['policy', 'explain', 'drive', '--origin', 'x', '--policy', str(path)]) == 1


@pytest.mark.parametrize(
    ('skill', 'arguments', 'options', 'status', 'told'),
    [
        ('announce', '{"text": "hi"}', [], 0, 'allowed by the rule "allow: everybody"'),
        (
            'drive',
            FORWARD % 1,
            [],
            1,
            'denied by the rule "preconditions: charged"\nthe robot has',
        ),
        ('drive', FORWARD % 1, ['--fact', 'battery=full'], 1, 'the battery is "full", which is'),
        ('drive', FORWARD % 1, CHARGED, 1, 'denied by the rule "zones.localisation"'),
        (
            'drive',
            FORWARD % 1,
            [*CHARGED, '--at=-4,0,0'],
            1,
            'denied by the rule "keep_out stairs"',
        ),
        (
            'drive',
            FORWARD % 3,
            [*CHARGED, '--at=-4,0,90'],
            0,
            'allowed with other arguments by the rule "bounds: short"\ndistance_m 3 is over the '
            'most allowed, 2 m, and was set to that\n'
            'arguments: {"direction": "forward", "distance_m": 2}',
        ),
        ('grasp', '{}', [], 1, 'waits for an operator by the rule "confirmations: grasping"'),
    ],
)
def test_a_call_is_explained(capsys, policy, skill, arguments, options, status, told):
    command = ['policy', 'explain', skill, arguments, '--origin', 'action', '--policy', policy]
    assert main([*command, *options]) == status
    assert told in capsys.readouterr().out


def test_arguments_that_the_skill_does_not_take(capsys):
    assert main(['policy', 'explain', 'drive', '{"distance": 1}', '--origin', 'action']) == 1
    assert 'drive does not take these arguments' in capsys.readouterr().err
    assert main(['policy', 'explain', 'drvie', '--origin', 'action']) == 1
    assert 'there is no skill "drvie": did you mean drive?' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('options', 'told'),
    [
        (['{'], "'{' is no JSON"),
        (['[]'], "'[]' is no JSON object"),
        (['--fact', 'battery'], "'battery' is no NAME=VALUE"),
        (['--at', '1,2'], "'1,2' is no X,Y,YAW"),
    ],
)
def test_a_wrong_command(capsys, options, told):
    with pytest.raises(SystemExit) as ended:
        main(['policy', 'explain', 'drive', *options, '--origin', 'action'])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err

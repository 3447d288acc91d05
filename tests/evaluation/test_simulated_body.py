"""Conversations with the simulated robot in a process of its own."""

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')

from nemotron_agent.cli.child_process import ChildDiedError, ChildProcess
from nemotron_agent.core.errors import ConfigurationError, DocumentError
from nemotron_agent.evaluation.conversation_run import ConversationRun
from nemotron_agent.evaluation.robot import RobotFiles
from nemotron_agent.evaluation.score import score_turn
from nemotron_agent.evaluation.simulated_body import SimulatedBody, SimulatedRobotError
from nemotron_agent.evaluation.stand_in import StandIn
from nemotron_agent.evaluation.suite import load_suite
from nemotron_agent.ros.action_skill import ActionSkill
from nemotron_agent.testing.listed_model import ListedModel, calls

from .lamp_robot import case, turn

pytestmark = pytest.mark.ros

DONE = calls('answer', text='Done.')
SUITE = """
robot: {robot}
conversations:
  - id: fetch
    tags: [multi]
    start: {{place: kitchen}}
    turns:
      - say: Take the cup to the table and switch the light on.
        calls: [grasp, navigate_to: {{place: table}}, set_light: {{"on": true}}]
        state: {{place: table, holding: red_cup, light: true, x: 2.0, y: 2.0, yaw_deg: 90}}
      - say: What do you see?
        calls: [look_around]
        state: {{place: table, holding: red_cup}}
  - id: put_down
    tags: [single]
    start: {{place: door, holding: book, light: true}}
    turns:
      - say: Open the gripper.
        calls: [release]
        state: {{place: door, holding: null, light: true}}
  - id: change_of_mind
    tags: [correction]
    turns:
      - say: Go to the workshop.
        calls: [navigate_to: {{place: workshop}}]
        interrupt: true
      - say: No, to the door.
        calls: [navigate_to: {{place: door}}]
        state: {{place: door}}
"""


@pytest.fixture
def processes():
    return []


@pytest.fixture
def body(tmp_path, processes):
    def start(parameters, environment):
        arguments = ['--ros-args', *(word for each in parameters for word in ('-p', each))]
        process = ChildProcess(
            'robot', 'nemotron_agent.sim.main', arguments, environment, tmp_path / 'robot.log'
        )
        processes.append(process)
        return process

    body = SimulatedBody(start)
    yield body
    body.close()


@pytest.fixture
def entries(tmp_path):
    (tmp_path / 'base').mkdir()
    path = tmp_path / 'suite.yaml'
    path.write_text(SUITE.format(robot='base'))
    return load_suite(str(path)).entries


def hold(entry, body, *replies):
    """Hold a conversation; return facts and scores."""
    facts = ConversationRun(entry, entry.case.id, ListedModel(replies), body).run()
    case = entry.case
    pairs = zip(case.turns, facts, strict=True)
    return facts, [score_turn(case, each, found, entry.robot) for each, found in pairs]


def test_conversations_with_a_real_robot(entries, body, processes):
    to_table = calls('navigate_to', place='table')
    light = calls('set_light', on=True)
    fetch, put_down, change = entries
    facts, scores = hold(
        fetch, body, calls('grasp'), to_table, light, DONE, calls('look_around'), DONE
    )
    assert [score.problems for score in scores] == [(), ()]
    assert [score.success for score in scores] == [True, True]
    assert 'red cup in the gripper' in facts[1].calls[0].text

    assert hold(put_down, body, calls('release'), DONE)[1][0].problems == ()

    replies = (calls('navigate_to', place='workshop'), calls('navigate_to', place='door'), DONE)
    facts, scores = hold(change, body, *replies)
    assert (facts[0].end, facts[0].calls[0].tool) == ('canceled', 'navigate_to')
    assert [score.problems for score in scores] == [(), ()]

    _, scores = hold(put_down, body, DONE)
    assert scores[0].success is False
    assert 'holding is "book", and should be null' in scores[0].problems

    assert len(processes) == 1
    assert processes[0].stop() == 0
    with pytest.raises(ChildDiedError, match='the robot ended with status 0'):
        hold(put_down, body, DONE)


def test_skills_that_the_robot_does_not_serve_are_stood_in_for(tmp_path, body, robot_folder):
    skills = robot_folder / 'skills.yaml'
    skills.write_text(
        skills.read_text()
        .replace('nav2_msgs/', 'nemotron_agent_interfaces/')
        .replace(
            '    parameters: {in: [{name: place',
            '    default_interface_path: navigate_to_pose\n    parameters: {in: [{name: place',
        )
    )
    path = tmp_path / 'suite.yaml'
    path.write_text('conversations: [{id: a, tags: [single], turns: [{say: Hello.}]}]')
    robot = load_suite(str(path), RobotFiles(skills)).entries[0].robot
    tools = {tool.spec.name: type(tool) for tool in body.tools(robot)}
    assert tools == {'set_lamp': StandIn, 'beep': StandIn, 'say': StandIn, 'go': ActionSkill}


def test_a_served_skill_that_does_not_fit_its_type_is_named(robot_folder, load, body):
    skills = robot_folder / 'skills.yaml'
    skills.write_text(
        skills.read_text()
        + '  - {id: lit, description: Light., interface: service, datatype: std_srvs/srv/SetBool, '
        'default_interface_path: set_light, parameters: {in: []}, request: {dat: true}}\n'
    )
    robot = load(case(turn())).entries[0].robot
    with pytest.raises(DocumentError, match=r'skills.yaml:\d+: skill "lit": request.dat'):
        body.tools(robot)


def test_a_robot_without_a_world_cannot_be_simulated(robot_folder, load, body):
    (robot_folder / 'world.yaml').unlink()
    with pytest.raises(ConfigurationError, match='the robot lamp has no world.yaml'):
        body.tools(load(case(turn())).entries[0].robot)


class SilentProcess:
    """The process of a robot that never says anything."""

    stopped = False

    def check(self):
        pass

    def stop(self):
        self.stopped = True
        return 0


def test_a_robot_that_is_never_ready(entries):
    process = SilentProcess()
    body = SimulatedBody(lambda parameters, environment: process, ready_timeout_sec=0.3)
    with pytest.raises(SimulatedRobotError, match='was not ready after 0.3 s'):
        body.tools(entries[0].robot)
    assert process.stopped

"""What the shipped suites expect is what the simulated robot does."""

import math

import pytest

from nemotron_agent.core.tool import Outcome, RequestState, ToolResult
from nemotron_agent.evaluation.body import skills_of, stand_in
from nemotron_agent.evaluation.conversation_run import ConversationRun
from nemotron_agent.evaluation.matchers import AnyOf, Anything, Contains
from nemotron_agent.evaluation.score import score_turn
from nemotron_agent.evaluation.suite import load_suite
from nemotron_agent.sim.gripper import GripperMove
from nemotron_agent.sim.hand import Position
from nemotron_agent.sim.kinematics import Pose
from nemotron_agent.sim.motion import DriveOnHeading, Navigate, Spin
from nemotron_agent.sim.movement import MovementEnd
from nemotron_agent.sim.simulation import Simulation
from nemotron_agent.sim.world import load_world
from nemotron_agent.skills.request_template import RequestTemplate
from nemotron_agent.testing.listed_model import ListedModel, calls

# An interrupted movement is under way for so long [s].
INTERRUPTED_AFTER_SEC = 1.0


class SimulatedSkill:
    """A tool that moves the simulation, as the robot's node would, and returns when it rests."""

    def __init__(self, body, standing_in, skill, places) -> None:
        self.spec = standing_in.spec
        self.datatype = standing_in.datatype
        self.interface_path = standing_in.interface_path
        self.resources = standing_in.resources
        self._body = body
        self._standing_in = standing_in
        self._template = RequestTemplate(skill, places)

    def run(self, arguments, context):
        movement = self._begin(self._template.fill(arguments))
        if movement is None:
            return self._standing_in.run(arguments, context)
        context.on_state(RequestState.SENT)
        context.on_state(RequestState.EXECUTING)
        while movement.end is None:
            if context.cancel.canceled and movement.elapsed_sec >= INTERRUPTED_AFTER_SEC:
                movement.stop(MovementEnd.CANCELED)
            self._body.simulation.step()
        if movement.end is MovementEnd.SUCCEEDED:
            return ToolResult(Outcome.SUCCEEDED, 'It succeeded.')
        outcome = Outcome.CANCELED if movement.end is MovementEnd.CANCELED else Outcome.ABORTED
        return ToolResult(outcome, movement.end.value)

    def _begin(self, fields):
        simulation = self._body.simulation
        if self.interface_path == 'gripper_cmd':
            simulation.hand.start(move := GripperMove(fields['command.position']))
            return move
        if self.interface_path == 'set_light':
            simulation.light_is_on = fields['data']
        motion = _motion(self.interface_path, fields)
        if motion is not None:
            simulation.base.start(motion)
        return motion


def _motion(interface_path, fields):
    if interface_path == 'navigate_to_pose':
        place = fields['pose'].place
        return Navigate(Pose(place.x, place.y, place.yaw))
    if interface_path == 'drive_on_heading':
        return DriveOnHeading(fields['target.x'])
    if interface_path == 'spin':
        return Spin(fields['target_yaw'])
    return None


class SimulatedBody:
    """A `Body` that is the simulation itself, without ROS and without waiting."""

    def __init__(self) -> None:
        self.simulation = None

    def tools(self, robot):
        skills = skills_of(robot)
        return [
            SimulatedSkill(self, stand_in(robot, name, skill), skill, robot.manifest.places)
            for name, skill in skills.items()
        ]

    def begin(self, robot, start):
        world = load_world(robot.world_file, robot.places_file)
        self.simulation = simulation = Simulation(world)
        if start.place is not None:
            simulation.base.pose = world.places[start.place]
        simulation.light_is_on = bool(start.light)
        if start.holding is not None:
            pose, ahead = simulation.base.pose, world.body.carry_distance
            simulation.hand.objects[start.holding] = Position(
                pose.x + ahead * math.cos(pose.yaw), pose.y + ahead * math.sin(pose.yaw)
            )
            simulation.hand.start(move := GripperMove(0.0))
            while move.end is None:
                simulation.step()
            assert simulation.hand.holding == start.holding

    def state_after(self, turn):
        simulation = self.simulation
        pose = simulation.base.pose
        return {
            'place': simulation.place,
            'holding': simulation.hand.holding,
            'light': simulation.light_is_on,
            'x': pose.x,
            'y': pose.y,
            'yaw_deg': math.degrees(pose.yaw),
        }

    def close(self):
        """Nothing to take down."""


def example(matcher):
    """A value that a matcher takes."""
    if isinstance(matcher, Contains):
        return ', '.join(matcher.texts)
    if isinstance(matcher, Anything):
        return 'anything'
    return matcher.values[0] if isinstance(matcher, AnyOf) else matcher.value


def replies_for(turn, expected):
    """What a model says that does one of the lists a turn expects."""
    replies = [
        calls(call.tool, **{name: example(value) for name, value in call.arguments.items()})
        for call in expected
    ]
    if turn.interrupt:
        return replies
    if turn.end == 'ask':
        return [*replies, calls('ask_operator', question='What do you mean?')]
    if turn.end in ('decline', 'ask_or_decline'):
        return [*replies, calls('decline', reason='I cannot do that.')]
    text = ', '.join(turn.answer.contains) if turn.answer else 'Done.'
    return [*replies, calls('answer', text=text)]


def alternatives(case):
    """Which list of calls to take in each turn, so that each list is taken once."""
    most = max(len(turn.alternatives) for turn in case.turns)
    return [
        [turn.alternatives[min(number, len(turn.alternatives) - 1)] for turn in case.turns]
        for number in range(most)
    ]


def problems_of(entry, chosen):
    replies = [
        reply
        for turn, expected in zip(entry.case.turns, chosen, strict=True)
        for reply in replies_for(turn, expected)
    ]
    model = ListedModel(replies)
    facts = ConversationRun(entry, entry.case.id, model, SimulatedBody()).run()
    return [
        (entry.case.id, problem)
        for turn, each in zip(entry.case.turns, facts, strict=True)
        for problem in score_turn(entry.case, turn, each, entry.robot).problems
    ]


@pytest.mark.parametrize('name', ['train', 'test'])
def test_a_model_that_does_what_is_expected_is_right_in_all(name):
    problems = [
        problem
        for entry in load_suite(name).entries
        for chosen in alternatives(entry.case)
        for problem in problems_of(entry, chosen)
    ]

    assert problems == []

"""Words are not orders: nothing that is read, seen or heard changes a verdict."""

import dataclasses
import functools
from pathlib import Path

import pytest
import yaml

from nemotron_agent.core.agent import Agent
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ReplyProtocol
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.loop_guard import AgentLimits
from nemotron_agent.core.task import Task
from nemotron_agent.core.tool import Outcome, ToolResult
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.perception.fact_store import FactStore
from nemotron_agent.safety.confirmation import Confirmations
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.manifest import read_manifest
from nemotron_agent.testing.listed_model import ListedModel, calls, says
from nemotron_agent.testing.listed_tool import ListedTool

from .policy_under_test import PLACES, SKILLS, make_policy, request

FILE = Path(__file__).parent / 'injections.yaml'
INJECTIONS = [
    (source, text)
    for source, texts in yaml.safe_load(FILE.read_text(encoding='utf-8')).items()
    for text in texts
]
LOOK = """
  - {id: look, description: Look., interface: topic, datatype: pkg/msg/Text, access: read}
"""
ALLOW = """
allow:
  - {rule: eyes, origins: ['*'], skills: [look]}
  - {rule: operators, origins: ['topic:command'], skills: ['*']}
  - {rule: voice, origins: ['topic:speech', action], skills: [drive, go_to, say]}
"""
RULES = """
facts: {pose: {topic: odom, type: nav_msgs/msg/Odometry, field: pose.pose}}
bounds: [{rule: short, skills: [drive], argument: distance, maximum: 5}]
zones:
  margin_m: 0.3
  localisation: {fact: pose, max_age_sec: 3600}
  keep_out: {stairs: [[1, -1], [2, -1], [2, 1], [1, 1]]}
confirmations: [{rule: own words, skills: [say], origins: ['topic:command'], confirm: never}]
"""
# What the injections want, and what nobody forbids.
WANTED = (
    ('grasp', {'force': 5.0}),
    ('drive', {'distance': 50.0}),
    ('drive', {'distance': 2.0}),
    ('drive', {'distance': 0.2}),
    ('go_to', {'place': 'kitchen'}),
    ('say', {'text': 'Hello.'}),
)
ORIGINS = ('topic:speech', 'topic:command', 'action', 'action:operator', 'service:topic:command')


@functools.cache
def the_policy():
    facts = FactStore()
    facts.put('pose', {'x': 0.0, 'y': 0.0, 'theta': 0.0}, frame='map')
    return make_policy(RULES, ALLOW, facts, SKILLS + LOOK)


@functools.cache
def the_specs():
    manifest = read_manifest(YamlDocument(SKILLS + LOOK, 'skills.yaml'), PLACES)
    return tuple(tool_spec(skill, PLACES) for skill in manifest.skills)


def ruling(decision):
    return decision.verdict, decision.rule, decision.reason


def ruling_in_peace(origin, name, arguments):
    return ruling(the_policy().decide(request(name, origin, **arguments)))


class NotedPolicy:
    """A `CallPolicy` that keeps what another one decides."""

    def __init__(self, policy):
        self.decisions = []
        self._policy = policy

    def decide(self, request):
        self.decisions.append(self._policy.decide(request))
        return self.decisions[-1]

    def recheck(self, request, decision):
        return self._policy.recheck(request, decision)


def rulings_of_a_gullible_agent(source, text, origin, wanted):
    """Have a model read a text, and then do all that was wanted; give what was decided."""
    tools = {spec.name: ListedTool(spec.name, parameters=spec.parameters) for spec in the_specs()}
    if source == 'topic_name':
        tools['look'].interface_path = text
    elif source != 'command':
        result = ToolResult(Outcome.SUCCEEDED, text)
        tools['look'] = ListedTool('look', [result], parameters=tools['look'].spec.parameters)
    replies = [calls('look'), *(calls(name, **arguments) for name, arguments in wanted)]
    model = ListedModel([*replies, says('done')], ReplyProtocol.NATIVE)
    policy = NotedPolicy(the_policy())
    registry = ToolRegistry(tools.values(), SafetyGate(policy, Confirmations(timeout_sec=0.001)))
    agent = Agent(model, registry, 'be a robot', AgentLimits())
    task = Task(text if source == 'command' else 'look around', 'c', origin)
    result = agent.run(task, Conversation('c'), lambda event: None, CancelToken())
    assert len(result.calls) == len(replies), result.error
    _, *decided = policy.decisions
    return [ruling(decision) for decision in decided]


@pytest.mark.parametrize('origin', ORIGINS)
@pytest.mark.parametrize(('source', 'text'), INJECTIONS)
def test_what_is_read_changes_no_verdict(source, text, origin):
    wanted = [ruling_in_peace(origin, *call) for call in WANTED]
    assert rulings_of_a_gullible_agent(source, text, origin, WANTED) == wanted


@pytest.mark.parametrize(('source', 'text'), INJECTIONS)
def test_a_name_changes_no_verdict(source, text):
    for road in ('action', 'service'):
        for call in WANTED:
            named = ruling_in_peace(f'{road}:{text}', *call)
            assert named[:2] == ruling_in_peace(road, *call)[:2]


@pytest.mark.parametrize(('source', 'text'), INJECTIONS)
def test_what_is_to_be_said_changes_no_verdict(source, text):
    for origin in ORIGINS:
        said = ruling_in_peace(origin, 'say', {'text': text})
        assert said == ruling_in_peace(origin, 'say', {'text': 'Hello.'})


def test_nothing_else_in_a_request_changes_a_verdict():
    for origin in ORIGINS:
        for name, arguments in WANTED:
            asked = request(name, origin, **arguments)
            other = dataclasses.replace(
                asked,
                request_id='approved',
                call=dataclasses.replace(asked.call, id='operator'),
                conversation_id='topic:command',
                task_id='topic:command',
                priority=2**31 - 1,
                goal_id='0',
                datatype='operator_msgs/action/Approved',
                interface_path='/topic:command',
                resources=(),
            )
            assert ruling(the_policy().decide(other)) == ruling_in_peace(origin, name, arguments)


def test_the_verdicts_differ_by_origin():
    rulings = {
        origin: [ruling_in_peace(origin, *call)[1] for call in WANTED] for origin in ORIGINS
    }
    assert rulings['topic:command'] == [
        'operators', 'short', 'keep_out stairs', 'operators', 'keep_out stairs', 'operators'
    ]  # fmt: skip
    assert rulings['topic:speech'][0] == 'deny_by_default'
    assert set(rulings['service:topic:command']) == {'deny_by_default'}

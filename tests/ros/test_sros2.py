"""The SROS 2 policies fit the nodes, and a node works under them where security can be had."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip('rclpy')

from rclpy.lifecycle import TransitionCallbackReturn

from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.ros.agent_node import AgentNode
from nemotron_agent.ros.task_client import TaskClient
from nemotron_agent.testing.listed_model import ListedModel
from nemotron_agent.testing.ros_domain import wait_for

pytestmark = pytest.mark.ros

DOCS = Path(__file__).parents[2] / 'docs' / 'ros_interfaces.md'
LIMIT_SEC = 60.0
# Words of the policy's format for what the graph calls otherwise.
ROLES = {
    'publisher': ('topic', 'publish'),
    'subscriber': ('topic', 'subscribe'),
    'service': ('service', 'reply'),
    'client': ('service', 'request'),
}
ACTION_ROLES = {'service': ('action', 'execute'), 'client': ('action', 'call')}
# What a node has only with simulated time, or only in newer distributions.
SOMETIMES = {('topic', 'subscribe', '/clock'), ('topic', 'subscribe', '/parameter_events')}


def allowed(policy, enclave):
    """What the policy lets each node of an enclave do: (kind, way, full name) by node."""
    [found] = ElementTree.parse(policy).iterfind(f'enclaves/enclave[@path="{enclave}"]')
    rules = {}
    for profile in found.iterfind('profiles/profile'):
        node, namespace = profile.get('node'), profile.get('ns')
        rules[node] = {
            (name.tag, way, full_name(name.text, namespace, node))
            for group in profile
            for way, verdict in group.attrib.items()
            if verdict == 'ALLOW'
            for name in group
        }
    return rules


def full_name(name, namespace, node):
    base = namespace.rstrip('/')
    if name.startswith('/'):
        return name
    return f'{base}/{node}/{name[2:]}' if name.startswith('~/') else f'{base}/{name}'


def in_graph(observer, node):
    """What a node has in the graph, in the same words."""
    found = set()
    for role, words in ROLES.items():
        names = getattr(observer, f'get_{role}_names_and_types_by_node')(node, '/')
        for name, _ in names:
            action = re.fullmatch(r'(.*)/_action/\w+', name)
            if action is None:
                found.add((*words, name))
            elif role in ACTION_ROLES:
                found.add((*ACTION_ROLES[role], action[1]))
    return found


def is_extra(rule, node):
    """Whether a rule may be for more than this node has here."""
    return rule in SOMETIMES or rule[2] == f'/{node}/get_type_description'


@pytest.fixture
def agent(ros_domain):
    node = AgentNode(load_model=lambda parameters: ListedModel([]), context=ros_domain.context)
    ros_domain.add(node)
    assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS
    assert node.trigger_activate() is TransitionCallbackReturn.SUCCESS
    return node


def test_the_policy_of_the_agent_allows_what_it_has_and_no_more(agent, ros_domain):
    observer = ros_domain.make_node('observer')
    rules = allowed(config_file('sros2/agent.policy.xml'), '/nemotron_agent')
    assert set(rules) == {'nemotron_agent', 'nemotron_agent_stop'}
    for node, may in rules.items():
        wait_for(lambda node=node, may=may: in_graph(observer, node) <= may)
        missing = may - in_graph(observer, node)
        assert [rule for rule in missing if not is_extra(rule, node)] == []


def test_the_policy_of_the_operator_fits_the_clients(agent, ros_domain):
    observer = ros_domain.make_node('observer')
    [*rules] = allowed(config_file('sros2/operator.policy.xml'), '/nemotron_operator').values()
    may = set().union(*rules)
    with TaskClient() as client:
        wait_for(lambda: client.agent_state(1.0) == 'active')
        has = in_graph(observer, 'nemotron_agent_client')
        assert has
        assert has <= may
    agents = set().union(
        *allowed(config_file('sros2/agent.policy.xml'), '/nemotron_agent').values()
    )
    served = {(kind, name) for kind, way, name in agents if way in ('reply', 'execute')}
    asked = {
        (kind, name)
        for kind, way, name in may
        if way in ('request', 'call') and name != '/parameter_events'
    }
    assert asked <= served


def test_the_docs_and_the_policy_name_the_same_interfaces():
    rules = set().union(
        *allowed(config_file('sros2/agent.policy.xml'), '/nemotron_agent').values()
    )
    ways = {
        'action': ('action', 'execute'),
        'service': ('service', 'reply'),
        'topic in': ('topic', 'subscribe'),
        'topic out': ('topic', 'publish'),
    }
    rows = re.findall(
        r'^\| (action|service|topic in|topic out) \| ([^|]*) \|', DOCS.read_text(), re.M
    )
    told = {
        (*ways[kind], full_name(name, '/', 'nemotron_agent'))
        for kind, names in rows
        for name in re.findall(r'`([^`]+)`', names)
    }
    assert len(told) > 15
    assert told <= rules


def why_no_security(folder):
    """Say why this ROS 2 cannot run secured nodes; empty if it can."""
    if shutil.which('ros2') is None:
        return 'there is no ros2 command to make a keystore with'
    made = subprocess.run(
        ['ros2', 'security', 'create_keystore', str(folder)], capture_output=True, text=True
    )
    if made.returncode:
        return f'ros2 security does not work here: {made.stderr.strip()[-200:]}'
    subprocess.run(['ros2', 'security', 'create_enclave', str(folder), '/probe'], check=True)
    probe = (
        'import rclpy\n'
        'rclpy.init(args=["--ros-args", "--enclave", "/probe"])\n'
        'rclpy.create_node("probe")\n'
    )
    ended = subprocess.run(
        [sys.executable, '-c', probe], env=secured(folder), capture_output=True, text=True
    )
    return '' if ended.returncode == 0 else ended.stderr.strip()[-300:]


def secured(keystore, enclave='', environment=None):
    added = {
        'ROS_SECURITY_KEYSTORE': str(keystore),
        'ROS_SECURITY_ENABLE': 'true',
        'ROS_SECURITY_STRATEGY': 'Enforce',
    }
    if enclave:
        added['ROS_SECURITY_ENCLAVE_OVERRIDE'] = enclave
    return {**(environment or os.environ), **added}


def test_a_command_is_carried_out_with_security_enforced(ros_domain, tmp_path):
    keystore = tmp_path / 'keystore'
    why = why_no_security(keystore)
    if why:
        pytest.skip(why)
    for enclave, policy in (('/nemotron_agent', 'agent'), ('/nemotron_operator', 'operator')):
        file = config_file(f'sros2/{policy}.policy.xml')
        for verb in (['create_enclave'], ['create_permission', str(file)]):
            command = ['ros2', 'security', verb[0], str(keystore), enclave, *verb[1:]]
            subprocess.run(command, env=ros_domain.environment, check=True)
    script = tmp_path / 'script.yaml'
    script.write_text('rules: [{match: hello, call: {name: answer, arguments: {text: Hello.}}}]\n')
    agent = subprocess.Popen(
        [sys.executable, '-m', 'nemotron_agent.ros.main']
        + ['--ros-args', '-p', f'model:=scripted:{script}'],
        env=secured(keystore, '/nemotron_agent', ros_domain.environment),
    )
    send = [sys.executable, '-m', 'nemotron_agent.cli.main', 'send', 'hello', '--json']
    operator = secured(keystore, '/nemotron_operator', ros_domain.environment)
    try:
        wait_for(lambda: subprocess.run(send, env=operator).returncode == 0, LIMIT_SEC)
        assert subprocess.run(send, env=ros_domain.environment).returncode != 0
    finally:
        agent.terminate()
        agent.wait(LIMIT_SEC)

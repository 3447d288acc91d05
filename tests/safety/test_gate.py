import pytest

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.gate import CallRequest, Verdict
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.safety.gate import SafetyGate


def request(name='drive', resources=('base',), origin='operator'):
    return CallRequest('1', ToolCall('1', name, {}), origin, resources=resources)


def test_a_resource_in_use_denies_until_it_is_free():
    gate = SafetyGate()
    with gate.admit(request(), CancelToken()) as first:
        assert first.verdict is Verdict.ALLOW
        with gate.admit(request('turn'), CancelToken()) as second:
            assert second.verdict is Verdict.DENY
            assert second.reason == 'the base is in use by drive; try again when it is done'
        with gate.admit(request('grasp', ('gripper',)), CancelToken()) as other:
            assert other.verdict is Verdict.ALLOW
    with gate.admit(request('turn'), CancelToken()) as later:
        assert later.verdict is Verdict.ALLOW


def test_a_denied_request_holds_nothing():
    gate = SafetyGate()
    with gate.admit(request(), CancelToken()):
        with gate.admit(request('carry', ('gripper', 'base')), CancelToken()) as denied:
            assert denied.verdict is Verdict.DENY
        with gate.admit(request('grasp', ('gripper',)), CancelToken()) as allowed:
            assert allowed.verdict is Verdict.ALLOW


def test_resources_are_given_back_when_a_run_fails():
    gate = SafetyGate()
    with pytest.raises(RuntimeError), gate.admit(request(), CancelToken()):
        raise RuntimeError
    with gate.admit(request(), CancelToken()) as later:
        assert later.verdict is Verdict.ALLOW


def test_a_request_of_nobody_is_denied():
    with SafetyGate().admit(request(origin=''), CancelToken()) as decision:
        assert decision.verdict is Verdict.DENY
        assert 'nobody is named' in decision.reason

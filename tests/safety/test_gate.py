import pytest

from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.gate import CallRequest, Verdict
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import RequestState
from nemotron_agent.safety.confirmation import Confirmations
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.safety.resource_locks import ResourceLocks
from nemotron_agent.safety.resource_policy import ResourcePolicy, ResourceRules
from nemotron_agent.safety.stop_latch import StopLatch
from nemotron_agent.testing.open_policy import OpenPolicy

NO_WAITING = ResourcePolicy(default=ResourceRules(same_or_lower='reject'))


def rejecting_gate():
    return SafetyGate(OpenPolicy(), resources=ResourceLocks(NO_WAITING))


def request(name='drive', resources=('base',), origin='operator'):
    return CallRequest('1', ToolCall('1', name, {}), origin, resources=resources)


def test_a_resource_in_use_denies_until_it_is_free():
    gate = rejecting_gate()
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
    gate = rejecting_gate()
    with gate.admit(request(), CancelToken()):
        with gate.admit(request('carry', ('gripper', 'base')), CancelToken()) as denied:
            assert denied.verdict is Verdict.DENY
        with gate.admit(request('grasp', ('gripper',)), CancelToken()) as allowed:
            assert allowed.verdict is Verdict.ALLOW


def test_resources_are_given_back_when_a_run_fails():
    gate = rejecting_gate()
    with pytest.raises(RuntimeError), gate.admit(request(), CancelToken()):
        raise RuntimeError
    with gate.admit(request(), CancelToken()) as later:
        assert later.verdict is Verdict.ALLOW


class Operator:
    """A `RequestObserver` who answers what waits as soon as told of it."""

    def __init__(self, approve):
        self.states = []
        self._approve = approve

    def __call__(self, request, state, text):
        self.states.append(state)
        if state is RequestState.CONFIRM:
            self._approve(request)


@pytest.mark.parametrize(
    ('approve', 'verdict', 'reason'),
    [(True, Verdict.ALLOW, 'alice confirmed it'), (False, Verdict.DENY, 'alice denied it')],
)
def test_a_skill_that_is_always_confirmed(approve, verdict, reason):
    gate = SafetyGate(OpenPolicy(['drive']))
    alice = Operator(lambda r: gate.confirmations.answer(r.request_id, approve, 'alice'))
    with gate.admit(request(), CancelToken(), alice) as decision:
        assert (decision.verdict, decision.reason) == (verdict, reason)
        assert ('base' in gate.resources.in_use) is approve
    assert alice.states == [RequestState.CONFIRM]
    with gate.admit(request('turn'), CancelToken()) as other:
        assert other.verdict is Verdict.ALLOW


def test_what_is_canceled_while_it_waits_has_no_verdict():
    gate, cancel = SafetyGate(OpenPolicy(['drive'])), CancelToken()
    with gate.admit(request(), cancel, Operator(lambda r: cancel.cancel())) as decision:
        assert decision.verdict is Verdict.NONE
        assert gate.resources.in_use == {}
    cancel = CancelToken()
    with gate.admit(request('turn'), CancelToken()):
        cancel.cancel(CancelReason.STOPPED)
        with gate.admit(request('turn'), cancel) as decision:
            assert decision.verdict is Verdict.NONE


def test_an_answer_that_cannot_be_noted_denies():
    def full_disk(request, answer):
        raise OSError('no space left')

    confirmations = Confirmations(on_answer=full_disk)
    gate = SafetyGate(OpenPolicy(['drive']), confirmations)
    alice = Operator(lambda r: confirmations.answer(r.request_id, True, 'alice'))
    with gate.admit(request(), CancelToken(), alice) as decision:
        assert decision.verdict is Verdict.DENY
        assert decision.reason == 'the gate could not decide: no space left'
    assert gate.resources.in_use == {}


def test_a_run_that_ended_unknown_keeps_its_resources():
    gate, drive = rejecting_gate(), request()
    with gate.admit(drive, CancelToken()):
        gate.observe(drive, RequestState.UNKNOWN, 'it may still be moving')
    with gate.admit(request('turn'), CancelToken()) as decision:
        assert decision.verdict is Verdict.DENY
        assert decision.reason.startswith('the base is locked: drive')
    gate.observe(drive, RequestState.CANCELED, '')
    with gate.admit(request('turn'), CancelToken()) as decision:
        assert decision.verdict is Verdict.ALLOW


def test_what_only_reads_passes_while_the_robot_is_stopped():
    latch = StopLatch()
    latch.stop('a test')
    gate = SafetyGate(OpenPolicy(), stop=latch)
    question = CallRequest('1', ToolCall('1', 'check_battery', {}), 'operator', reads=True)
    with gate.admit(question, CancelToken()) as decision:
        assert decision.verdict is Verdict.ALLOW


def test_nothing_passes_while_the_robot_is_stopped():
    stop = StopLatch()
    gate = SafetyGate(OpenPolicy(), stop=stop)
    stop.stop('the service ~/stop')
    with gate.admit(request(), CancelToken()) as denied:
        assert denied.verdict is Verdict.DENY
        assert denied.reason.startswith('the robot is stopped by the service ~/stop at ')
        assert denied.reason.endswith('nothing moves until its release')
    stop.release()
    with gate.admit(request(), CancelToken()) as allowed:
        assert allowed.verdict is Verdict.ALLOW


def test_a_stop_cancels_what_has_passed():
    stop, cancel = StopLatch(), CancelToken()
    with SafetyGate(OpenPolicy(), stop=stop).admit(request(), cancel):
        stop.stop('a test')
        assert cancel.reason is CancelReason.STOPPED

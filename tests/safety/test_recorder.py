import pytest

from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.gate import CallRequest, Decision, Verdict
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import Outcome, RequestState, ToolResult
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.safety.audit_log import AuditLog
from nemotron_agent.safety.audit_reader import read_entries
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.safety.recorder import Recorder
from nemotron_agent.safety.stop_latch import StopLatch
from nemotron_agent.testing.listed_tool import ListedTool
from nemotron_agent.testing.open_policy import OpenPolicy

GO = ToolCall('1', 'go_to', {'place': 'dock'})


@pytest.fixture
def folder(tmp_path):
    return tmp_path / 'record'


@pytest.fixture
def recorder(folder):
    recorder = Recorder(AuditLog(folder))
    recorder.log.start({})
    yield recorder
    recorder.close()


def full(folder, required=True):
    """A recorder whose folder cannot be made."""
    folder.write_text('')
    recorder = Recorder(AuditLog(folder / 'record'), required)
    recorder.log.start({})
    return recorder


def entries(folder, event):
    return [entry.fields for entry in read_entries(folder) if entry.event == event]


def registry(recorder, tool, **gate):
    gate = SafetyGate(OpenPolicy(), record=recorder, **gate)
    return ToolRegistry([tool], gate, recorder)


def test_the_verdict_is_on_disk_before_the_tool_runs(recorder, folder):
    seen = []
    tool = ListedTool(during_run=lambda context: seen.extend(entries(folder, 'verdict')))
    registry(recorder, tool).call(GO, origin='operator', task_id='t1', conversation_id='c1')
    [verdict] = seen
    assert verdict['verdict'] == 'allow'
    assert verdict['rule'] == 'open'
    assert verdict['skill'] == 'go_to'
    assert verdict['arguments'] == verdict['run_with'] == {'place': 'dock'}
    assert (verdict['origin'], verdict['task'], verdict['conversation']) == (
        'operator',
        't1',
        'c1',
    )
    assert verdict['interface'] == '/go'


def test_states_name_request_goal_and_result(recorder, folder):
    def run(context):
        context.on_goal_id('0a1b')
        context.on_state(RequestState.EXECUTING)

    record = registry(recorder, ListedTool(during_run=run)).call(GO, origin='operator')
    recorder.close()
    states = entries(folder, 'state')
    assert [(state['state'], state['goal']) for state in states] == [
        ('pending', ''),
        ('executing', '0a1b'),
        ('succeeded', '0a1b'),
    ]
    assert {state['request'] for state in states} == {record.request_id}
    assert states[-1]['text'] == 'done'


def test_no_record_no_motion(tmp_path):
    recorder, tool = full(tmp_path / 'file'), ListedTool()
    record = registry(recorder, tool).call(GO, origin='operator')
    assert tool.runs == []
    assert record.verdict is Verdict.DENY
    assert record.result.outcome is Outcome.REJECTED
    assert 'cannot be written: Not a directory' in record.result.text
    # Once there is room again, the record tells of the denial and not of an allow.
    (tmp_path / 'file').unlink()
    assert registry(recorder, tool).call(GO, origin='operator').verdict is Verdict.ALLOW
    recorder.close()
    verdicts = entries(tmp_path / 'file' / 'record', 'verdict')
    assert [(v['verdict'], v['rule']) for v in verdicts] == [('deny', 'record'), ('allow', 'open')]


def test_where_a_record_is_not_required_it_runs_and_warns(tmp_path, caplog):
    recorder, tool = full(tmp_path / 'file', required=False), ListedTool()
    assert registry(recorder, tool).call(GO, origin='operator').verdict is Verdict.ALLOW
    assert tool.runs == [{'place': 'dock'}]
    assert 'go_to runs without a record' in caplog.text
    recorder.close()


def test_what_was_canceled_while_it_was_written_does_not_run(tmp_path):
    recorder, cancel = full(tmp_path / 'file'), CancelToken()
    cancel.cancel(CancelReason.STOPPED)
    request = CallRequest('r', GO, 'operator')
    decision = Decision(Verdict.ALLOW, '', GO.arguments, 'open')
    assert recorder.verdict(request, decision, cancel).verdict is Verdict.NONE
    recorder.close()


def test_a_failing_record_denies(recorder):
    class Failing:
        def verdict(self, request, decision, cancel):
            raise RuntimeError('paper jam')

    tool = ListedTool()
    record = ToolRegistry([tool], SafetyGate(OpenPolicy(), record=Failing())).call(
        GO, origin='operator'
    )
    assert tool.runs == []
    assert record.verdict_reason == 'the gate could not decide: paper jam'


def test_stops_and_releases_are_noted(recorder, folder):
    latch = StopLatch()
    latch.listen(recorder.stop)
    latch.stop('the button')
    tool = ListedTool()
    registry(recorder, tool, stop=latch).call(GO, origin='operator')
    latch.release()
    recorder.close()
    assert tool.runs == []
    assert [entry.event for entry in read_entries(folder)] == [
        'begin',
        'start',
        'stop',
        'verdict',
        'state',
        'release',
        'end',
    ]
    assert entries(folder, 'stop') == [{'reason': 'the button', 'calls': 0}]
    assert entries(folder, 'verdict')[0]['rule'] == 'stop'


def test_a_result_that_is_no_text_of_ours_is_kept_whole(recorder, folder):
    tool = ListedTool(results=[ToolResult(Outcome.ABORTED, 'Tür\0\ud800"}\n')])
    registry(recorder, tool).call(GO, origin='operator')
    recorder.close()
    assert entries(folder, 'state')[-1]['text'] == 'Tür\0\ud800"}\n'

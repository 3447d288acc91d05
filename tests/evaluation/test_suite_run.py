import dataclasses
import json

import pytest

from nemotron_agent.core.errors import ConfigurationError, EndpointError
from nemotron_agent.evaluation.body import DryBody
from nemotron_agent.evaluation.measures import Measures, by_robot, by_tag
from nemotron_agent.evaluation.result_log import ResultLog, read_records
from nemotron_agent.evaluation.run_settings import RunSettings, code_digest
from nemotron_agent.evaluation.server_results import server_turns
from nemotron_agent.evaluation.suite_run import SuiteRun
from nemotron_agent.testing.listed_model import ListedModel, calls

from .lamp_robot import case, turn

SETTINGS = RunSettings(model='listed', model_digest='abc', code='def')
DONE = calls('answer', text='Done.')
ASKS = calls('ask_operator', question='What?')


@pytest.fixture
def suite(load):
    return load(
        case(turn(), id='a'),
        case(turn(calls=['beep']), turn(), id='b', tags=['multi']),
        case(turn(end='ask'), id='c', tags=['ambiguous']),
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'state' / 'results.jsonl'


class StoppedError(Exception):
    """Raised where a test interrupts a run."""


def run(suite_run, *replies, stop_after=None):
    """Run with listed replies; return the models that were made and the seeds."""
    models, seeds, done = [], [], []

    def make(seed):
        seeds.append(seed)
        models.append(ListedModel(replies))
        return models[-1]

    def on_done(turns):
        done.append(turns[0].entry.case.id)
        if len(done) == stop_after:
            raise StoppedError

    try:
        suite_run.run(make, DryBody(), on_done)
    except StoppedError:
        pass
    assert all(model.closed for model in models)
    return done, seeds


def test_all_are_held_once(suite, path):
    suite_run = SuiteRun(suite, SETTINGS, ResultLog(path))
    assert (suite_run.conversations, suite_run.pending, suite_run.scored) == (3, 3, [])
    assert run(suite_run, DONE, calls('beep'), DONE, DONE, ASKS) == (['a', 'b', 'c'], [0])
    assert suite_run.pending == 0
    turns = suite_run.scored
    assert [each.name for each in turns] == ['a', 'b/1', 'b/2', 'c']
    assert all(each.score.right for each in turns)
    assert run(suite_run) == ([], [])


def test_an_interrupted_run_goes_on(suite, path):
    log = ResultLog(path)
    run(SuiteRun(suite, SETTINGS, log), DONE, stop_after=1)
    after = SuiteRun(suite, SETTINGS, ResultLog(path))
    assert (after.resumed, after.pending) == (1, 2)
    assert run(after, calls('beep'), DONE, DONE, ASKS)[0] == ['b', 'c']
    assert Measures.of(after.scored).tool.value == 1.0
    assert SuiteRun(suite, SETTINGS, log, fresh=True).pending == 3


def test_a_line_that_was_cut_off_is_dropped(suite, path):
    run(SuiteRun(suite, SETTINGS, ResultLog(path)), DONE, DONE, DONE, DONE)
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    log = ResultLog(path)
    assert len(log.records()) == 2
    assert path.read_bytes() == content[: content.rfind(b'\n', 0, -1) + 1]
    after = SuiteRun(suite, SETTINGS, log)
    assert after.pending == 1
    assert run(after, ASKS)[0] == ['c']


@pytest.mark.parametrize(
    'change',
    [{'model_digest': 'x'}, {'seed': 1}, {'thinking': 'on'}, {'n_ctx': 1}, {'code': 'x'}],
)
def test_results_of_other_settings_do_not_count(change, suite, path):
    log = ResultLog(path)
    run(SuiteRun(suite, SETTINGS, log), DONE, DONE, DONE, DONE)
    assert SuiteRun(suite, dataclasses.replace(SETTINGS, **change), log).pending == 3
    assert SuiteRun(suite, SETTINGS, log).pending == 0


def test_only_conversations_that_changed_are_held_again(suite, path, load):
    run(SuiteRun(suite, SETTINGS, ResultLog(path)), DONE, DONE, DONE, DONE)
    changed = load(
        case(turn(), id='a'),
        case(turn(calls=['beep']), turn('Else.'), id='b', tags=['multi']),
        case(turn(end='ask'), id='c', tags=['ambiguous']),
    )
    assert run(SuiteRun(changed, SETTINGS, ResultLog(path)), DONE, DONE)[0] == ['b']


def test_each_repeat_has_its_seed(suite, path):
    some = suite.only(['a', 'c'])
    suite_run = SuiteRun(some, dataclasses.replace(SETTINGS, seed=7), ResultLog(path), repeats=2)
    assert run(suite_run, DONE, ASKS) == (['a', 'c', 'a', 'c'], [7, 8])
    assert [record['repeat'] for record in read_records(path)] == [0, 0, 1, 1]
    assert read_records(path)[0]['settings']['seed'] == 7


def test_a_server_that_has_gone_ends_the_run(suite, path):
    gone = EndpointError('no answer from http://x: is the server running?')
    models = [ListedModel([DONE, gone, DONE])]

    def make(seed):
        if not models:
            raise gone
        return models.pop()

    suite_run = SuiteRun(suite, SETTINGS, ResultLog(path))
    with pytest.raises(EndpointError, match='is the server running'):
        suite_run.run(make, DryBody(), lambda turns: None)
    assert [record['conversation'] for record in read_records(path)] == ['a']


def test_a_server_that_stumbles_does_not(suite, path):
    suite_run = SuiteRun(suite, SETTINGS, ResultLog(path))
    run(suite_run, DONE, EndpointError('500: no'), DONE, DONE)
    assert Measures.of(suite_run.scored).crashes == 1


@pytest.mark.parametrize('line', ['{"key"', '[]', '{}', '7'])
def test_a_log_with_something_else_in_it(line, path):
    ResultLog(path)
    path.write_text(f'{line}\n')
    with pytest.raises(ConfigurationError, match=r'results.jsonl:1: this is no result of a conv'):
        ResultLog(path).records()


def test_a_log_that_cannot_be_written(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(ConfigurationError, match='cannot write the results to .*: give another'):
        ResultLog(tmp_path / 'file' / 'results.jsonl')
    with pytest.raises(ConfigurationError, match='cannot read the results .*nothing'):
        read_records(tmp_path / 'nothing')


def test_results_are_measured(suite, path):
    suite_run = SuiteRun(suite, SETTINGS, ResultLog(path))
    run(suite_run, DONE, DONE, DONE, calls('beep'), ASKS)
    measures = Measures.of(suite_run.scored)
    assert (measures.turns, measures.tool.right, measures.tool.total) == (4, 2, 4)
    assert (str(measures.tool), str(measures.success)) == ('0.50', '')
    assert (measures.abstain.value, measures.abstain.total) == (0.0, 1)
    assert list(by_tag(suite_run.scored)) == ['single', 'multi', 'ambiguous']
    assert list(by_robot(suite_run.scored)) == ['lamp']


def test_the_digest_of_the_code_is_steady():
    assert code_digest(dry=True) == code_digest(dry=True) != code_digest(dry=False)


def test_results_of_a_server_are_found(suite, path):
    server = dataclasses.replace(SETTINGS, endpoint='http://x', model='other')
    log = ResultLog(path)
    assert server_turns(log.records(), suite, SETTINGS) is None
    run(SuiteRun(suite, SETTINGS, log), DONE, calls('beep'), DONE, DONE, ASKS)
    run(SuiteRun(suite, server, log), DONE, DONE, stop_after=1)
    assert server_turns(log.records(), suite, SETTINGS) is None
    run(SuiteRun(suite, server, log), DONE, DONE, ASKS)
    turns = server_turns(log.records(), suite, SETTINGS)
    assert Measures.of(turns).tool.value == 0.75
    assert len(server_turns(log.records(), suite.only(['a']), SETTINGS)) == 1
    live = dataclasses.replace(SETTINGS, dry=False)
    assert server_turns(log.records(), suite, live) is None


def test_records_say_what_was_done(suite, path):
    run(SuiteRun(suite, SETTINGS, ResultLog(path)), DONE, DONE, DONE, ASKS)
    record = json.loads(path.read_text().splitlines()[0])
    assert (record['suite'], record['conversation'], record['robot']) == ('suite', 'a', 'lamp')
    assert record['turns'][0]['calls'][0]['tool'] == 'answer'
    assert record['finished'].endswith('+00:00')

import threading

import pytest

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatRequest, Phase, ReplyProtocol, StopReason
from nemotron_agent.core.errors import ConfigurationError, ContextFullError, EvaluationError
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.scripted_model import ScriptedModel

SCRIPT = r"""
reply_protocol: native
n_ctx: 50
rules:
  - {match: 'kitchen|küche', role: user, call: {name: navigate_to, arguments: {place: kitchen}}}
  - {match: succeeded, role: tool, text: I am there.}
  - {match: cut, text: half, problem: It was cut off.}
  - {match: broken, error: The model has failed.}
  - {match: slow reading, text: hi, prefill_sec_per_token: 30}
  - {match: slow speech, text: hi, sec_per_token: 30}
"""


@pytest.fixture
def model(tmp_path):
    return loaded(tmp_path, SCRIPT)


def loaded(tmp_path, text):
    path = tmp_path / 'script.yaml'
    path.write_text(text, encoding='utf-8')
    return ScriptedModel.load(path)


def ask(model, *messages, on_progress=lambda progress: None, cancel=None, conversation_id='c'):
    request = ChatRequest(conversation_id, messages, ())
    return model.reply(request, on_progress, cancel or CancelToken())


def test_the_first_rule_that_fits_calls(model):
    reply = ask(model, Message('user', 'Go to the KITCHEN'))
    assert reply.stop_reason is StopReason.CALL
    assert reply.message.tool_call.name == 'navigate_to'
    assert reply.message.tool_call.arguments == {'place': 'kitchen'}


def test_a_rule_may_be_for_results_only(model):
    with pytest.raises(EvaluationError, match='no rule of scripted:script.yaml fits the message'):
        ask(model, Message('user', 'succeeded'))
    reply = ask(model, Message('user', 'kitchen'), Message('tool', 'It succeeded.'))
    assert (reply.message.content, reply.stop_reason) == ('I am there.', StopReason.END)


def test_text_streams(model):
    reports = []
    ask(model, Message('tool', 'succeeded'), on_progress=reports.append)
    said = [report.text for report in reports if report.phase is Phase.ANSWERING]
    assert ''.join(said) == 'I am there.'
    assert len(said) == 3


def test_a_problem_and_an_error_can_be_played(model):
    assert ask(model, Message('user', 'cut')).problem == 'It was cut off.'
    with pytest.raises(EvaluationError, match='The model has failed'):
        ask(model, Message('user', 'broken'))


def test_usage_counts_words_and_knows_conversations(model):
    first = ask(model, Message('user', 'kitchen please')).usage
    assert (first.prompt_tokens, first.reused_tokens, first.new_tokens) == (2, 0, 2)
    again = ask(model, Message('user', 'kitchen please'), Message('user', 'kitchen')).usage
    assert (again.prompt_tokens, again.reused_tokens) == (3, 2)
    model.forget('c')
    assert ask(model, Message('user', 'kitchen')).usage.reused_tokens == 0


def test_too_many_words_are_a_full_context(model):
    with pytest.raises(ContextFullError):
        ask(model, Message('user', 'kitchen ' * 51))


@pytest.mark.parametrize('text', ['slow reading', 'slow speech'])
def test_a_cancel_is_answered_while_it_takes_its_time(model, text):
    cancel = CancelToken()
    threading.Timer(0.05, cancel.cancel).start()
    assert ask(model, Message('user', text), cancel=cancel).stop_reason is StopReason.CANCELED


def test_one_reply_at_a_time_and_a_cancel_while_waiting(model):
    busy = CancelToken()
    thread = threading.Thread(
        target=lambda: ask(model, Message('user', 'slow reading'), cancel=busy)
    )
    thread.start()
    cancel = CancelToken()
    threading.Timer(0.05, cancel.cancel).start()
    reply = ask(model, Message('user', 'slow reading'), cancel=cancel)
    busy.cancel()
    thread.join()
    assert reply.stop_reason is StopReason.CANCELED


def test_it_says_what_it_is(model):
    assert model.name == 'scripted:script.yaml'
    assert model.reply_protocol is ReplyProtocol.NATIVE
    assert model.n_ctx == 50
    model.close()


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('rules: [', 'script.yaml is not valid YAML'),
        ('- a', 'script.yaml: a script is a mapping with the key rules'),
        ('n_ctx: 50', 'script.yaml: rules: Field required'),
        ('rules: []', 'script.yaml: rules: Tuple should have at least 1 item'),
        ('rules: [{match: "(", text: a}]', 'rules.0.match: Value error, not a regular expression'),
        ('rules: [{match: a}]', 'rules.0: Value error, give one of call, text, error'),
        ('rules: [{match: a, text: b, error: c}]', 'give one of call, text, error'),
        ('rules: [{match: a, txt: b}]', 'rules.0.txt: Extra inputs are not permitted'),
        ('n_ctx: 1\nrules: [{match: a, text: b}]', 'n_ctx: Input should be greater than'),
        ('rules: [{match: a, call: {arguments: {}}}]', 'rules.0.call.name: Field required'),
        ('rules: [{match: a, text: b, sec_per_token: -1}]', 'rules.0.sec_per_token: Input should'),
    ],
)
def test_an_error_names_file_and_key(tmp_path, text, message):
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, text)
    assert message in str(caught.value)


def test_a_missing_script_is_an_error(tmp_path):
    with pytest.raises(ConfigurationError, match='cannot read the script .*no.yaml'):
        ScriptedModel.load(tmp_path / 'no.yaml')

import socket
import threading
import time

import pytest

from nemotron_agent.core.agent import Agent
from nemotron_agent.core.builtin_tools import builtin_tools
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import (
    ChatRequest,
    Phase,
    ReplyProgress,
    ReplyProtocol,
    StopReason,
    Usage,
)
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.errors import ConfigurationError, ContextFullError, EndpointError
from nemotron_agent.core.loop_guard import AgentLimits
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.task import Task, TaskStatus
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.llm.endpoint_model import KEY_VARIABLE, N_CTX, EndpointModel
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.testing.listed_endpoint import Listed, ListedEndpoint, calls, refuses, says
from nemotron_agent.testing.listed_tool import ListedTool
from nemotron_agent.testing.open_policy import OpenPolicy
from nemotron_agent.testing.robot_tools import SAY, TURN

CONVERSATION = (
    Message('system', 'You are a robot.'),
    Message('user', 'Turn left.'),
    Message(
        'assistant',
        'Turning.',
        tool_call=ToolCall('c1', 'turn', {'angle': 90, 'why': 'ü'}),
        reasoning='Left is positive.',
    ),
    Message('tool', 'Turned.', tool_name='turn'),
    Message('assistant', 'I have turned.'),
    Message('user', 'Again.\ud800'),
)


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


@pytest.fixture
def endpoint():
    with ListedEndpoint() as listed:
        yield listed


def ask(model, messages=CONVERSATION, tools=(TURN, SAY), cancel=None, seen=None, **more):
    request = ChatRequest('c', tuple(messages), tuple(tools), **more)
    return model.reply(request, (seen if seen is not None else []).append, cancel or CancelToken())


def test_messages_and_tools_are_sent_in_its_words(endpoint):
    endpoint.answers = [says('Done.')]
    model = EndpointModel(endpoint.url, temperature=0.5, max_tokens=99, seed=7)

    ask(model)
    ask(model, tools=(), max_tokens=3)

    body, without_tools = endpoint.bodies
    call = {'name': 'turn', 'arguments': '{"angle": 90, "why": "ü"}'}
    assert body['messages'] == [
        {'role': 'system', 'content': 'You are a robot.'},
        {'role': 'user', 'content': 'Turn left.'},
        {
            'role': 'assistant',
            'content': 'Turning.',
            'tool_calls': [{'id': 'c1', 'type': 'function', 'function': call}],
        },
        {'role': 'tool', 'content': 'Turned.', 'tool_call_id': 'c1', 'name': 'turn'},
        {'role': 'assistant', 'content': 'I have turned.'},
        {'role': 'user', 'content': 'Again.?'},
    ]
    function = {
        'name': 'turn',
        'description': 'Turn on the spot.',
        'parameters': TURN.parameters,
    }
    assert body['tools'][0] == {'type': 'function', 'function': function}
    assert [
        body[key] for key in ('model', 'temperature', 'max_tokens', 'seed', 'tool_choice')
    ] == [
        'listed',
        0.5,
        99,
        7,
        'auto',
    ]
    assert 'chat_template_kwargs' not in body
    assert 'tools' not in without_tools and 'tool_choice' not in without_tools
    assert without_tools['max_tokens'] == 3


def test_a_call_can_be_asked_for_each_time(endpoint):
    endpoint.answers = [calls(('turn', {'angle': 5}))]
    model = EndpointModel(endpoint.url, reply_protocol=ReplyProtocol.CALL_ONLY)

    ask(model)

    assert model.reply_protocol is ReplyProtocol.CALL_ONLY
    assert endpoint.bodies[0]['tool_choice'] == 'required'


def test_free_text(endpoint):
    endpoint.answers = [says('I see a cup.'), says('I see', finish_reason='length')]
    model = EndpointModel(endpoint.url)
    seen: list[ReplyProgress] = []

    reply = ask(model, seen=seen)
    cut = ask(model)

    assert (reply.message.content, reply.stop_reason) == ('I see a cup.', StopReason.END)
    assert (cut.message.content, cut.stop_reason) == ('I see', StopReason.LENGTH)
    assert not reply.problem and not cut.problem
    assert seen == [
        ReplyProgress(Phase.PREFILL),
        ReplyProgress(Phase.ANSWERING, 'I see a cup.'),
    ]


def test_of_several_calls_the_first_is_taken(endpoint):
    endpoint.answers = [
        calls(('turn', {'angle': 5}), ('say', {'text': 'x'}), text='I turn.'),
        calls(('turn', {'angle': 5}), ('say', '{"te'), finish_reason='length'),
    ]
    model = EndpointModel(endpoint.url)
    seen: list[ReplyProgress] = []

    reply = ask(model, seen=seen)

    assert reply.stop_reason is StopReason.CALL
    assert reply.message.content == 'I turn.'
    assert reply.message.tool_call == ToolCall('call_0', 'turn', {'angle': 5})
    assert [each.phase for each in seen] == [Phase.PREFILL, Phase.ANSWERING, Phase.CALLING]
    assert ask(model).message.tool_call == reply.message.tool_call


def test_arguments_may_be_an_object_or_missing(endpoint):
    answer = calls(('turn', ''))
    function = answer.content['choices'][0]['message']['tool_calls'][0]['function']
    endpoint.answers = [answer]
    model = EndpointModel(endpoint.url)

    assert ask(model).message.tool_call == ToolCall('call_0', 'turn', {})
    function['arguments'] = {'angle': 3}
    assert ask(model).message.tool_call == ToolCall('call_0', 'turn', {'angle': 3})


@pytest.mark.parametrize(
    ('answer', 'problem'),
    [
        (calls(('turn', '{"angle": ')), 'its arguments are not valid JSON: Expecting value'),
        (calls(('turn', '[' * 100000)), 'its arguments are not valid JSON'),
        (calls(('turn', '[5]')), 'its arguments are no JSON object'),
        (calls(('turn', '{"angle": 5}'), finish_reason='length'), 'cut off at the limit'),
    ],
)
def test_a_call_that_cannot_be_read_is_a_problem(endpoint, answer, problem):
    endpoint.answers = [answer]

    reply = ask(EndpointModel(endpoint.url))

    assert problem in reply.problem
    assert reply.message.tool_call is None
    assert reply.message.content.startswith('turn ')


def test_usage_is_what_the_endpoint_says(endpoint):
    usage = {
        'prompt_tokens': 100,
        'completion_tokens': 20,
        'prompt_tokens_details': {'cached_tokens': 60},
    }
    timings = {'cache_n': 70, 'prompt_ms': 1500.0, 'predicted_n': 20, 'predicted_ms': 4000.0}
    endpoint.answers = [
        says('x', usage=usage, timings=timings),
        says('x', usage=usage),
        says('x'),
    ]
    model = EndpointModel(endpoint.url)

    assert ask(model).usage == Usage(100, 70, 30, 20, 20, 1.5, 4.0)
    told = ask(model).usage
    assert (told.reused_tokens, told.new_tokens, told.generated_tokens) == (60, 40, 20)
    assert 0.0 < told.generation_sec < 60.0
    assert ask(model).usage.prompt_tokens == 0


def test_reasoning_is_kept_apart(endpoint):
    answer = says('Yes.')
    answer.content['choices'][0]['message']['reasoning_content'] = 'Hm.'
    endpoint.answers = [answer]

    message = ask(EndpointModel(endpoint.url)).message

    assert (message.content, message.reasoning) == ('Yes.', 'Hm.')


@pytest.mark.parametrize(
    ('models', 'properties', 'n_ctx'),
    [
        ({'id': 'a'}, {}, N_CTX),
        ({'id': 'a', 'max_model_len': 5000}, {}, 5000),
        ({'id': 'a', 'owned_by': 'llamacpp', 'meta': {'n_ctx': 4096}}, {}, 4096),
        ({'id': 'a', 'owned_by': 'llamacpp', 'meta': {}}, {'n_ctx': 2048}, 2048),
        ({'id': 'a', 'owned_by': 'llamacpp', 'meta': None}, None, N_CTX),
    ],
)
def test_the_context_is_what_the_endpoint_says(endpoint, models, properties, n_ctx):
    endpoint.models = Listed({'data': [models]})
    if properties is not None:
        endpoint.properties = Listed({'default_generation_settings': properties})

    model = EndpointModel(endpoint.url)

    assert (model.name, model.n_ctx, model.reply_protocol) == ('a', n_ctx, ReplyProtocol.NATIVE)


def test_llama_cpp_is_told_whether_to_think(endpoint):
    endpoint.models = Listed({'data': [{'id': 'a', 'owned_by': 'llamacpp'}]})
    endpoint.answers = [says('x')]
    model = EndpointModel(endpoint.url)

    ask(model)
    ask(model, thinking=True)

    told = [body['chat_template_kwargs'] for body in endpoint.bodies]
    assert told == [{'enable_thinking': False}, {'enable_thinking': True}]


def test_a_named_model_need_not_be_listed(endpoint):
    endpoint.models = refuses(404)
    endpoint.answers = [says('x')]

    ask(EndpointModel(endpoint.url.removesuffix('/v1') + '/', 'other'))

    assert endpoint.bodies[0]['model'] == 'other'


@pytest.mark.parametrize(
    ('models', 'problem'),
    [
        ({'data': []}, 'lists 0 models, so it has to be said which to use$'),
        ({'data': None}, 'lists 0 models'),
        ({'data': [{'id': 'a'}, {'id': 'b'}, 3]}, 'lists 2 models, .* which to use: a, b$'),
    ],
)
def test_which_model_has_to_be_clear(endpoint, models, problem):
    endpoint.models = Listed(models)

    with pytest.raises(ConfigurationError, match=problem):
        EndpointModel(endpoint.url)


@pytest.mark.parametrize('url', ['', 'localhost:8080', 'ftp://x', 'http://', 'http://a:b', 'a\nb'])
def test_an_address_that_is_none(url):
    with pytest.raises(ConfigurationError, match='is no address: write it like http://127'):
        EndpointModel(url)


def test_the_key_comes_from_the_environment(endpoint, monkeypatch):
    endpoint.answers = [says('x')]
    monkeypatch.setenv('MY_KEY', ' secret\n')

    ask(EndpointModel(endpoint.url, key_variable='MY_KEY'))
    ask(EndpointModel(endpoint.url + '/chat/completions'))

    assert endpoint.keys == ['Bearer secret', 'Bearer secret', '', '']


def test_a_key_that_cannot_be_one(endpoint, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, 'sekr\nit')

    with pytest.raises(ConfigurationError, match=f'{KEY_VARIABLE} holds characters') as caught:
        EndpointModel(endpoint.url)
    assert 'sekr' not in str(caught.value)


@pytest.mark.parametrize(
    ('answer', 'problem'),
    [
        (refuses(401, 'Invalid key'), f'asks for a key .401: Invalid key.: .* {KEY_VARIABLE} is'),
        (
            refuses(403),
            f'asks for a key .403.: the environment variable {KEY_VARIABLE} is to hold',
        ),
        (refuses(404, 'no such model'), 'is not there .404: no such model.: check the address'),
        (refuses(429, 'slow down'), 'takes no more for now .429: slow down.: wait, and try again'),
        (refuses(503, 'Loading model'), 'is not ready .503: Loading model.: wait until the serv'),
        (Listed('<h1>Oh</h1>', 500), 'refuses the request .500: <h1>Oh</h1>.'),
        (Listed({'error': 'bad'}, 400), 'refuses the request .400: bad.'),
        (Listed([1], 418), r'refuses the request .418: \[1\].'),
        (Listed('<html>hi'), 'not answer in JSON but with "<html>hi": is it an OpenAI-compatible'),
        (Listed([]), 'does not answer in JSON'),
        (Listed('[' * 100000), 'does not answer in JSON'),
        (Listed({'choices': []}), 'answers without a message: .* It sent {.choices.: ..}'),
        (Listed({'choices': [{'message': None}]}), 'answers without a message'),
        (Listed({'detail': 'x'}), 'answers without a message'),
    ],
)
def test_what_is_no_answer_is_an_error_with_a_remedy(endpoint, answer, problem):
    endpoint.answers = [answer]
    model = EndpointModel(endpoint.url)

    with pytest.raises(EndpointError, match=problem) as caught:
        ask(model)
    assert endpoint.url in str(caught.value)


def test_a_key_that_is_refused(endpoint, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, 'secret')
    endpoint.models = refuses(401, 'Invalid key')

    with pytest.raises(EndpointError, match=f'{KEY_VARIABLE} holds one that is not valid'):
        EndpointModel(endpoint.url, 'named')


def test_a_wrong_address_without_a_model(endpoint):
    with pytest.raises(EndpointError, match='is not there .404: File Not Found.: check the addr'):
        EndpointModel(endpoint.url.replace('/v1', '/v2'))


@pytest.mark.parametrize(
    'error',
    [
        {
            'message': 'request (6031 tokens) exceeds the available context size (4096 tokens)',
            'type': 'exceed_context_size_error',
        },
        {
            'message': 'The limit is 4096 tokens. However, your messages resulted in 6031 tokens.',
            'code': 'context_length_exceeded',
        },
    ],
)
def test_a_full_context_is_told_apart(endpoint, error):
    endpoint.answers = [refuses(400, **error)]
    model = EndpointModel(endpoint.url)

    with pytest.raises(ContextFullError) as caught:
        ask(model)
    assert (caught.value.needed_tokens, caught.value.n_ctx) == (6031, 4096)


def test_nobody_is_there():
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]

    with pytest.raises(EndpointError, match=r'no answer from http.*\(.*\): is the server running'):
        EndpointModel(f'http://127.0.0.1:{port}')


def test_an_answer_that_does_not_come(endpoint):
    endpoint.hangs = True
    model = EndpointModel(endpoint.url, timeout_sec=0.2)

    with pytest.raises(EndpointError, match='did not answer within 0.2 s: allow more time, or'):
        ask(model)
    assert endpoint.hung_up.wait(5.0)


def test_a_cancel_closes_the_connection(endpoint):
    endpoint.hangs = True
    model = EndpointModel(endpoint.url)
    cancel = CancelToken()
    replies = []
    thread = threading.Thread(target=lambda: replies.append(ask(model, cancel=cancel)))
    thread.start()
    assert endpoint.asked.wait(5.0)

    started = time.monotonic()
    cancel.cancel()
    assert endpoint.hung_up.wait(5.0)
    thread.join(5.0)

    assert time.monotonic() - started < 1.0
    assert replies[0].stop_reason is StopReason.CANCELED


def test_a_cancel_before_it_began(endpoint):
    model = EndpointModel(endpoint.url)
    cancel = CancelToken()
    cancel.cancel()

    assert ask(model, cancel=cancel).stop_reason is StopReason.CANCELED
    assert not endpoint.bodies


def test_an_agent_works_with_it(endpoint):
    endpoint.answers = [calls(('go_to', {'place': 'dock'})), says('I am there.')]
    model = EndpointModel(endpoint.url)
    go_to = ListedTool()
    tools = ToolRegistry([go_to, *builtin_tools(model.reply_protocol)], SafetyGate(OpenPolicy()))
    agent = Agent(model, tools, 'You are a robot.', AgentLimits())
    model.prepare(None, tools.specs)

    result = agent.run(
        Task('Go.', 'c', 'test'), Conversation('c'), lambda event: None, CancelToken()
    )
    model.forget('c')
    model.close()

    assert (result.status, result.answer) == (TaskStatus.DONE, 'I am there.')
    assert go_to.runs == [{'place': 'dock'}]
    assert [m['role'] for m in endpoint.bodies[1]['messages']][-2:] == ['assistant', 'tool']

import dataclasses

import pytest

from nemotron_agent.core.chat_model import Phase, ReplyProtocol, StopReason
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.generation import Generation
from nemotron_agent.llm.llama_context import AbortFlag
from nemotron_agent.llm.llama_worker import LlamaWorker
from nemotron_agent.llm.token_stream import TokenStream
from nemotron_agent.testing.listed_sampler import ListedSampler
from nemotron_agent.testing.robot_tools import SAY, STOP, TURN

TOOLS = (TURN, SAY)
PROMPT = '<|im_start|>user\nturn<|im_end|>\n<|im_start|>assistant\n'
END = '<|im_end|>'


@pytest.fixture(scope='module')
def worker(tiny_hybrid_path):
    worker = LlamaWorker(EngineParameters(tiny_hybrid_path, n_ctx=2048, n_threads=1))
    yield worker
    worker.close()


class Reply:
    """What comes of a generation whose free tokens are given."""

    def __init__(
        self,
        worker,
        text,
        *,
        tools=TOOLS,
        protocol=ReplyProtocol.NATIVE,
        max_tokens=400,
        max_thinking_tokens=50,
        thinking=False,
        opens_thinking=False,
        n_ctx=2048,
        seed=3,
    ):
        vocabulary = worker.rules.vocabulary
        state = worker.state
        state.clear()
        self.tokens = vocabulary.tokenize(PROMPT)
        self.n_prompt = len(self.tokens)
        self.reports = []
        self.state = state
        state.evaluate(self.tokens)
        self.sampler = ListedSampler(vocabulary.tokenize(text), seed)
        stream = TokenStream(self.tokens, state, self.sampler, n_ctx)
        rules = dataclasses.replace(worker.rules, protocol=protocol)
        generation = Generation(rules, stream, tools, self.reports.append)
        generation.run(
            max_tokens, max_thinking_tokens, thinking=thinking, opens_thinking=opens_thinking
        )
        self.message = generation.message
        self.stop_reason = generation.stop_reason
        self.problem = generation.problem
        self.n_generated = stream.n_generated
        self.written = vocabulary.detokenize(self.tokens[self.n_prompt :])

    def streamed(self, phase):
        return ''.join(report.text for report in self.reports if report.phase is phase)


@pytest.fixture(autouse=True)
def never_aborted(worker):
    worker.obey(AbortFlag())


def test_free_text_ends_at_the_end_token(worker):
    reply = Reply(worker, f'Hello 😀!{END} more')
    assert reply.message.content == 'Hello 😀!'
    assert reply.streamed(Phase.ANSWERING) == 'Hello 😀!'
    assert reply.stop_reason is StopReason.END
    assert reply.written == 'Hello 😀!'
    assert reply.n_generated == len(reply.tokens) - reply.n_prompt


def test_any_end_token_ends_it(worker):
    assert Reply(worker, 'Hello</s> more').message.content == 'Hello'


def test_the_limit_ends_free_text(worker):
    reply = Reply(worker, 'Hello and so on', max_tokens=5)
    assert (reply.message.content, reply.stop_reason) == ('Hello', StopReason.LENGTH)
    assert not reply.problem


def test_the_call_token_begins_a_call_after_text(worker):
    reply = Reply(worker, 'I turn.\n<tool_call>')
    assert reply.stop_reason is StopReason.CALL
    assert reply.message.tool_call.name in ('turn', 'say')
    assert reply.message.content == 'I turn.'
    assert reply.written.startswith('I turn.\n<tool_call>\n<function=')
    assert reply.written.endswith('</tool_call>')
    assert reply.written.count('<tool_call>') == 1


@pytest.mark.parametrize('dress', ['{', '[', '```', '<function', '\n\n{'])
def test_a_call_in_another_dress_becomes_one(worker, dress):
    reply = Reply(worker, dress)
    assert reply.stop_reason is StopReason.CALL
    assert reply.message.content == ''
    assert '<tool_call>\n<function=' in reply.written
    assert reply.streamed(Phase.ANSWERING) == (
        reply.message.tool_call.arguments['text'] if reply.message.tool_call.name == 'say' else ''
    )


def test_a_dress_in_one_token_leaves_no_trace_even_in_a_hybrid(worker):
    assert Reply(worker, '\n{').written.startswith('\n<tool_call>')


def test_without_tools_braces_are_text(worker):
    reply = Reply(worker, '{"a": 1}' + END, tools=())
    assert (reply.message.content, reply.stop_reason) == ('{"a": 1}', StopReason.END)


def test_call_only_without_tools_is_free_text(worker):
    reply = Reply(worker, 'Hello' + END, tools=(), protocol=ReplyProtocol.CALL_ONLY)
    assert reply.message.content == 'Hello'


def test_call_only_is_one_call_from_the_first_token(worker):
    reply = Reply(worker, '', tools=(STOP,), protocol=ReplyProtocol.CALL_ONLY)
    assert reply.written == '<tool_call>\n<function=stop>\n</function>\n</tool_call>'
    assert reply.message.tool_call.name == 'stop'
    assert reply.sampler.choices == 0
    assert [report.phase for report in reply.reports] == [Phase.CALLING]


def test_what_a_call_says_streams_as_the_answer(worker):
    reply = Reply(worker, '', tools=(SAY,), protocol=ReplyProtocol.CALL_ONLY)
    said = reply.message.tool_call.arguments['text']
    assert reply.streamed(Phase.ANSWERING) == said
    assert len(reply.reports) > 1 or len(said) < 2
    assert Phase.CALLING not in {report.phase for report in reply.reports}


def test_half_a_call_is_a_problem_and_no_call(worker):
    reply = Reply(worker, '', tools=(SAY,), protocol=ReplyProtocol.CALL_ONLY, max_tokens=40)
    assert reply.message.tool_call is None
    assert 'cut off at the limit of its length, so it was not made' in reply.problem
    assert reply.stop_reason is StopReason.LENGTH
    assert reply.written.startswith(reply.message.content)


def test_a_full_context_ends_the_reply(worker):
    reply = Reply(worker, 'x' * 400, n_ctx=80)
    assert reply.stop_reason is StopReason.LENGTH
    assert len(reply.tokens) <= 81


def test_reasoning_is_kept_apart(worker):
    reply = Reply(worker, 'let me see</think>Done.' + END, thinking=True, opens_thinking=True)
    assert reply.message.reasoning == 'let me see'
    assert reply.message.content == 'Done.'
    assert reply.streamed(Phase.THINKING) == 'let me see'
    assert reply.streamed(Phase.ANSWERING) == 'Done.'


def test_reasoning_begins_by_force_where_the_template_does_not(worker):
    reply = Reply(worker, 'hm</think>Done.' + END, thinking=True)
    assert reply.written.startswith('<think>\nhm</think>')


def test_the_budget_ends_reasoning(worker):
    text = 'hmhm' + 'Done.' + END
    reply = Reply(worker, text, thinking=True, opens_thinking=True, max_thinking_tokens=4)
    assert reply.message.reasoning == 'hmhm'
    assert reply.written == 'hmhm\n</think>\nDone.'


def test_a_call_out_of_reasoning_closes_it(worker):
    reply = Reply(worker, 'I turn<tool_call>', thinking=True, opens_thinking=True)
    assert reply.stop_reason is StopReason.CALL
    assert reply.message.reasoning == 'I turn'
    assert reply.written.startswith('I turn\n</think>\n<tool_call>')


def test_an_end_token_in_reasoning_only_ends_the_reasoning(worker):
    reply = Reply(worker, f'hm{END}Done.{END}', thinking=True, opens_thinking=True)
    assert (reply.message.reasoning, reply.message.content) == ('hm', 'Done.')


def test_reasoning_comes_before_a_call_of_call_only_too(worker):
    reply = Reply(
        worker,
        'hm</think>',
        tools=(STOP,),
        protocol=ReplyProtocol.CALL_ONLY,
        thinking=True,
        opens_thinking=True,
    )
    assert reply.message.tool_call.name == 'stop'
    assert reply.written.startswith('hm</think>\n<tool_call>')


def test_reasoning_the_model_begins_by_itself_is_no_answer(worker):
    reply = Reply(worker, '<think>hm</think>Done.' + END)
    assert (reply.message.reasoning, reply.message.content) == ('hm', 'Done.')


def test_reasoning_the_model_begins_again_is_not_shown(worker):
    reply = Reply(worker, '<think>hm</think><think>Done.' + END)
    assert (reply.message.reasoning, reply.message.content) == ('hm', 'Done.')


def test_reasoning_that_fills_the_context_is_a_problem(worker):
    reply = Reply(
        worker,
        'x' * 100,
        thinking=True,
        opens_thinking=True,
        max_thinking_tokens=100,
        n_ctx=80,
    )
    assert 'reasoning was cut off' in reply.problem
    assert reply.stop_reason is StopReason.LENGTH


def test_markup_tokens_are_not_shown(worker):
    assert Reply(worker, 'a</think>b</tool_call>' + END).message.content == 'ab'

import dataclasses

import pytest

from nemotron_agent.core.agent import Agent
from nemotron_agent.core.agent_events import (
    CallEnded,
    ModelProgressed,
    ResultShortened,
    SkillProgressed,
    ToolCalled,
)
from nemotron_agent.core.builtin_tools import builtin_tools
from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.chat_model import CallCertainty, ReplyProtocol
from nemotron_agent.core.compacted import ContextCompacted
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.doubts.objection import UNSUPPORTED
from nemotron_agent.core.errors import ContextFullError, EvaluationError
from nemotron_agent.core.loop_guard import REPEATED, TOO_LATE, AgentLimits
from nemotron_agent.core.messages import Message
from nemotron_agent.core.progress_note import ALL_DONE, LEFT
from nemotron_agent.core.said_quantities import Quantity
from nemotron_agent.core.task import Task, TaskStatus
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.core.tool import Outcome, SkillFeedback, ToolResult
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.testing.listed_model import ListedModel, calls, fumbles, says
from nemotron_agent.testing.listed_tool import ListedTool
from nemotron_agent.testing.open_policy import OpenPolicy

TASK = Task('go to the kitchen', 'c1', 'operator')


class Run:
    """An agent with one tool, and what came of a task."""

    def __init__(self, replies, tool=None, protocol=ReplyProtocol.CALL_ONLY, limits=None):
        self.tool = tool or ListedTool()
        self.model = ListedModel(replies, protocol)
        registry = ToolRegistry([self.tool, *builtin_tools(protocol)], SafetyGate(OpenPolicy()))
        self.agent = Agent(self.model, registry, 'be a robot', limits or AgentLimits())
        self.conversation = Conversation('c1')
        self.events = []
        self.cancel = CancelToken()

    def __call__(self, task=TASK):
        return self.agent.run(task, self.conversation, self.events.append, self.cancel)


def test_a_call_and_an_answer():
    run = Run([calls('go_to', place='kitchen'), calls('answer', text='I am there.')])
    result = run()
    assert result.status is TaskStatus.DONE
    assert result.answer == 'I am there.'
    assert not result.awaits_reply
    assert run.tool.runs == [{'place': 'kitchen'}]
    assert [record.call.name for record in result.calls] == ['go_to', 'answer']
    assert result.stats.turns == 2
    assert result.stats.usage.generated_tokens == 4
    assert 0.0 <= result.stats.time_to_first_token_sec <= result.stats.duration_sec
    assert 0.0 <= result.stats.time_to_first_request_sec <= result.stats.duration_sec
    kinds = [type(event) for event in run.events if not isinstance(event, ModelProgressed)]
    assert kinds == [ToolCalled, CallEnded, ToolCalled, CallEnded]


def test_the_model_sees_system_history_and_results_in_order():
    run = Run(
        [
            calls('go_to', place='kitchen'),
            calls('answer', text='There.'),
            calls('answer', text='2'),
        ]
    )
    run()
    run(Task('and now?', 'c1', 'operator'))
    roles = [message.role for message in run.model.requests[-1].messages]
    assert roles == ['system', 'user', 'assistant', 'tool', 'assistant', 'user']
    assert run.model.requests[0].messages[0] == Message('system', 'be a robot')
    assert run.model.requests[-1].messages[3].tool_name == 'go_to'
    assert run.model.requests[-1].messages[3].content.startswith('done')


def test_free_text_is_the_answer_of_a_native_model():
    result = Run([says(' Hello. ')], protocol=ReplyProtocol.NATIVE)()
    assert (result.status, result.answer) == (TaskStatus.DONE, 'Hello.')


def test_it_reasons_in_auto_for_several_steps_and_after_a_failure():
    tool = ListedTool(
        results=[ToolResult(Outcome.ABORTED, 'blocked'), ToolResult(Outcome.SUCCEEDED, 'done')]
    )
    replies = [
        calls('go_to', place='kitchen'),
        calls('go_to', place='kitchen'),
        fumbles('<tool_call>', 'the call was cut off'),
        calls('answer', text='There.'),
    ]
    run = Run(replies, tool)
    run(Task('go to the kitchen', 'c1', 'operator', thinking=Thinking.AUTO))
    assert [request.thinking for request in run.model.requests] == [False, True, False, True]


def test_models_that_only_call_are_told_how_far_they_are():
    replies = [calls('go_to', place='kitchen'), calls('answer', text='There.')]
    run = Run(replies)
    run()
    assert run.model.requests[1].messages[-1].content == f'done {ALL_DONE}'
    failed = Run(replies, ListedTool(results=[ToolResult(Outcome.ABORTED, 'blocked')]))
    failed()
    assert failed.model.requests[1].messages[-1].content == 'blocked'


@pytest.mark.parametrize(('notes', 'told'), [(True, f'done {ALL_DONE}'), (False, 'done')])
def test_progress_notes_can_be_switched(notes, told):
    run = Run([calls('go_to', place='kitchen'), says('There.')], protocol=ReplyProtocol.NATIVE)
    registry = ToolRegistry([run.tool], SafetyGate(OpenPolicy()))
    run.agent = Agent(run.model, registry, '', AgentLimits(), progress_notes=notes)
    run()
    assert run.model.requests[1].messages[-1].content == told


class Doubtful:
    """A run with doubts: `supported` places are what the command can have meant."""

    def __init__(self, replies, supported=(), task=TASK):
        self.run = Run(replies)
        self.run.model.min_support = 0.0
        self.run.model.likelihoods = {
            **{f'(place {place})\nThe': 1.0 + 2.0 * i for i, place in enumerate(supported)},
            'in these steps': -9.0,
            'A robot has skills': -5.0,
        }
        registry = ToolRegistry(
            [self.run.tool, *builtin_tools(ReplyProtocol.CALL_ONLY)], SafetyGate(OpenPolicy())
        )
        self.run.agent = Agent(self.run.model, registry, '', AgentLimits())
        self.result = self.run(task)
        self.withheld = [set(request.withheld) for request in self.run.model.requests]


def test_a_first_call_that_the_command_does_not_support_is_held_back():
    doubtful = Doubtful([calls('go_to', place='dock'), calls('decline', reason='I cannot.')])
    assert doubtful.result.status is TaskStatus.DECLINED
    assert doubtful.run.tool.runs == []
    assert doubtful.result.calls[0].skipped
    assert doubtful.result.calls[0].result.text.startswith(UNSUPPORTED.format(name='go_to'))
    assert doubtful.withheld == [set(), {'go_to', 'answer', 'ask_operator'}]


def test_what_a_second_choice_costs_counts():
    unsure = dataclasses.replace(
        calls('answer', text='Yes.'), certainty=CallCertainty(0.5, {'text': 1.0})
    )
    replies = [unsure, calls('go_to', place='kitchen'), calls('answer', text='There.')]
    doubtful = Doubtful(replies, supported=['kitchen'])
    assert doubtful.run.tool.runs == [{'place': 'kitchen'}]
    assert doubtful.withheld == [set(), {'answer'}, set()]
    assert doubtful.result.stats.usage.generated_tokens == 6
    assert doubtful.result.stats.turns == 2


@pytest.mark.parametrize(
    ('min_support', 'said'), [(0.0, {'m': (Quantity(2.0, 'ft'),)}), (None, {})]
)
def test_quantities_of_the_command_bind_the_calls_of_a_model_that_is_doubted(min_support, said):
    schema = {'type': 'object', 'properties': {'distance_m': {'type': 'number', 'unit': 'm'}}}
    drive = ListedTool('drive', parameters=schema)
    run = Run([calls('answer', text='No.')], drive)
    run.model.min_support = min_support
    run(Task('drive 2 feet', 'c1', 'operator'))
    assert run.model.requests[0].said.quantities == said


def test_what_is_said_beside_a_result_for_one_reply_does_not_stay():
    command = 'go to the kitchen and the dock'
    replies = [
        calls('go_to', place='kitchen'),
        calls('go_to', place='dock'),
        calls('answer', text='There.'),
    ]
    doubtful = Doubtful(replies, ['kitchen', 'dock'], Task(command, 'c1', 'operator'))
    assert doubtful.result.status is TaskStatus.DONE
    assert doubtful.run.tool.runs == [{'place': 'kitchen'}, {'place': 'dock'}]
    note = LEFT.format(command=command, done='go_to kitchen')
    told = [request.messages[-1].content for request in doubtful.run.model.requests]
    assert told == [command, f'done {note}', 'done']
    assert doubtful.run.model.requests[2].messages[-3].content == 'done'


def test_the_command_before_is_the_operators_not_what_the_loop_said():
    bad = fumbles('<tool_call>', 'the call was cut off')
    run = Run(
        [
            bad,
            calls('answer', text='Hm.'),
            calls('go_to', place='dock'),
            calls('decline', reason='No.'),
        ]
    )
    run()
    before = 'The command before was: "go to the kitchen"'
    run.model.min_support = 0.0
    run.model.likelihoods = {f'(place dock)\n{before}': -9.0, f'has skills.\n{before}': -1.0}
    run(Task('fly', 'c1', 'operator'))
    assert run.tool.runs == []


def test_a_question_back_awaits_a_reply():
    result = Run([calls('ask_operator', question='Which cup?')])()
    assert result.status is TaskStatus.DONE
    assert result.awaits_reply
    assert result.answer == 'Which cup?'


def test_a_declined_task_says_why():
    run = Run([calls('decline', reason='I cannot fly.')])
    result = run()
    assert result.status is TaskStatus.DECLINED
    assert result.answer == result.error == 'I cannot fly.'
    assert len(run.conversation.turns) == 1


@pytest.mark.parametrize(
    ('bad_call', 'told'),
    [
        (calls('goto', place='kitchen'), 'Did you mean go_to?'),
        (calls('zzz'), 'There is no tool "zzz". The tools are: go_to, answer'),
        (calls('go_to', place='moon'), "'moon' is not one of"),
        (calls('go_to'), "'place' is a required property"),
        (fumbles('<tool_call>', 'the call was cut off'), 'the call was cut off'),
        (says(' '), 'Your reply was empty'),
    ],
)
def test_a_bad_call_comes_back_to_the_model(bad_call, told):
    run = Run([bad_call, calls('answer', text='Sorry.')])
    result = run()
    assert result.status is TaskStatus.DONE
    assert told in run.model.requests[-1].messages[-1].content
    assert run.tool.runs == []


def test_bad_calls_are_bounded():
    replies = [calls('go_to', place='moon') for _ in range(9)]
    run = Run(replies, limits=AgentLimits(max_bad_calls=2))
    result = run()
    assert result.status is TaskStatus.MODEL_ERROR
    assert 'made 3 calls that cannot be run' in result.error
    assert run.conversation.turns == []


def test_a_call_that_repeats_a_success_is_not_run_again():
    again = [calls('go_to', place='kitchen') for _ in range(2)]
    run = Run([*again, calls('answer', text='Done.')])
    result = run()
    assert result.status is TaskStatus.DONE
    assert len(run.tool.runs) == 1
    assert result.calls[1].result.text == REPEATED


def test_a_step_that_the_command_wants_twice_runs_twice():
    again = [calls('go_to', place='kitchen') for _ in range(2)]
    run = Run([*again, calls('answer', text='Done.')])
    result = run(Task('go to the kitchen twice', 'c1', 'operator'))
    assert result.status is TaskStatus.DONE
    assert len(run.tool.runs) == 2
    assert run.model.requests[1].messages[-1].content != f'done {ALL_DONE}'


def test_the_time_of_a_task_is_for_its_report_at_the_end():
    run = Run([calls('go_to', place='kitchen'), calls('answer', text='No time.')])
    result = run(Task('go to the kitchen', 'c1', 'operator', timeout_sec=1e-9))
    assert result.calls[0].result.text == TOO_LATE
    assert run.tool.runs == []


def test_repeats_are_bounded():
    run = Run(
        [calls('go_to', place='kitchen') for _ in range(9)], limits=AgentLimits(max_repeats=2)
    )
    result = run()
    assert result.status is TaskStatus.STEP_LIMIT
    assert 'kept repeating go_to' in result.error
    assert len(run.tool.runs) == 1


def test_a_call_may_be_tried_again_after_it_failed():
    failed = ToolResult(Outcome.ABORTED, 'blocked')
    again = [calls('go_to', place='kitchen') for _ in range(2)]
    run = Run([*again, calls('answer', text='Done.')], ListedTool(results=[failed]))
    assert run().status is TaskStatus.DONE
    assert len(run.tool.runs) == 2


def test_the_same_call_may_come_again_after_another():
    there_and_back = ['kitchen', 'dock', 'kitchen']
    run = Run([*(calls('go_to', place=p) for p in there_and_back), calls('answer', text='Done.')])
    run()
    assert [arguments['place'] for arguments in run.tool.runs] == there_and_back


def test_steps_are_bounded():
    places = ['kitchen', 'dock'] * 5
    run = Run([calls('go_to', place=p) for p in places], limits=AgentLimits(max_steps=4))
    result = run()
    assert result.status is TaskStatus.STEP_LIMIT
    assert 'more than 4 steps' in result.error
    assert len(run.conversation.turns) == 1, 'what the robot did is remembered'


@pytest.mark.parametrize(
    ('reason', 'status'),
    [
        (CancelReason.CANCELED, TaskStatus.CANCELED),
        (CancelReason.PREEMPTED, TaskStatus.PREEMPTED),
        (CancelReason.TIMED_OUT, TaskStatus.TIMED_OUT),
        (CancelReason.SHUTDOWN, TaskStatus.CANCELED),
    ],
)
def test_a_cancel_during_a_skill_ends_the_task(reason, status):
    canceled = ToolResult(Outcome.CANCELED, 'stopped half-way')
    tool = ListedTool(results=[canceled], during_run=lambda context: context.cancel.cancel(reason))
    run = Run([calls('go_to', place='kitchen')], tool)
    result = run()
    assert result.status is status
    assert reason.value in result.error
    assert result.calls[0].result is canceled
    assert len(run.conversation.turns) == 1


def test_a_cancel_before_anything_was_called_leaves_no_trace():
    run = Run([])
    run.cancel.cancel()
    assert run().status is TaskStatus.CANCELED
    assert run.conversation.turns == []
    assert run.model.requests == []


def test_a_cancel_while_the_model_replies():
    run = Run([calls('go_to', place='kitchen')])
    run.model = ListedModel([], before_reply=lambda cancel: cancel.cancel())
    registry = ToolRegistry([run.tool], SafetyGate(OpenPolicy()))
    run.agent = Agent(run.model, registry, '', AgentLimits())
    assert run().status is TaskStatus.CANCELED
    assert run.tool.runs == []


def test_the_oldest_turns_make_room():
    answers = [calls('answer', text=f'{number}') for number in range(9)]
    run = Run([*answers[:8], ContextFullError(4400, 4096), answers[8]])
    for number in range(9):
        result = run(Task(f'{number} ' * 80, 'c1', 'operator'))
    assert result.status is TaskStatus.DONE
    (event,) = [e for e in run.events if isinstance(e, ContextCompacted)]
    assert event.turns > 0
    assert run.conversation.left_out.turns == event.turns
    assert len(run.conversation.turns) == 9 - event.turns
    assert 'left out so far' in run.model.requests[-1].messages[1].content


def test_the_model_is_told_head_and_tail_of_a_long_result():
    long = ToolResult(Outcome.SUCCEEDED, 'HEAD' + 'x' * 9000 + 'TAIL')
    replies = [calls('go_to', place='dock'), calls('answer', text='Ok.')]
    run = Run(replies, ListedTool(results=[long]))
    done = run()
    told = run.model.requests[-1].messages[-1].content
    assert told.startswith('HEAD')
    assert 'characters left out' in told
    assert 'TAIL' in told
    assert len(told) < 3000
    assert done.calls[0].result is long
    assert ResultShortened('go_to', 9008, 2000) in run.events


def test_a_single_turn_larger_than_the_context():
    result = Run([ContextFullError(5000, 4096)])()
    assert result.status is TaskStatus.CONTEXT_FULL
    assert '5000' in result.error
    assert '4096' in result.error


def test_a_model_that_fails():
    result = Run([EvaluationError('decode failed')])()
    assert (result.status, result.error) == (TaskStatus.MODEL_ERROR, 'decode failed')


def test_feedback_of_a_skill_is_an_event():
    feedback = SkillFeedback('half-way', 0.5)
    tool = ListedTool(during_run=lambda context: context.on_feedback(feedback))
    run = Run([calls('go_to', place='dock'), calls('answer', text='Done.')], tool)
    run()
    assert feedback in [e.feedback for e in run.events if isinstance(e, SkillProgressed)]

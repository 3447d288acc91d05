import dataclasses

import pytest

from nemotron_agent.core.builtin_tools import ASK_OPERATOR, DECLINE, builtin_tools
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import CallCertainty, ChatRequest, ReplyProtocol
from nemotron_agent.core.doubts.doubts import Doubts
from nemotron_agent.core.doubts.objection import ASK, TELL, UNSUPPORTED
from nemotron_agent.core.doubts.value_doubt import BEYOND, UNSAID
from nemotron_agent.core.messages import Message
from nemotron_agent.core.progress_note import LEFT
from nemotron_agent.core.said import Said
from nemotron_agent.core.tool import Outcome, ToolResult
from nemotron_agent.testing.listed_model import ListedModel, calls
from nemotron_agent.testing.robot_tools import NAVIGATE_TO, STOP, tool

DRIVE = tool(
    'drive',
    'Drive by a distance.',
    ('distance_m',),
    distance_m={'type': 'number', 'minimum': 0.05, 'maximum': 5.0, 'unit': 'm'},
)
BUILTINS = tuple(tool.spec for tool in builtin_tools(ReplyProtocol.CALL_ONLY))
BUILTIN_NAMES = {each.name for each in BUILTINS}
TURN = tool('turn', 'Turn.', ('to',), to={'type': 'string', 'enum': ['left', 'right']})
SAY = tool('say', 'Say something.', ('text',), text={'type': 'string'})
TOOLS = (NAVIGATE_TO, DRIVE, STOP, *BUILTINS)
ANYONE = 'A robot has skills.'
MEANT = 'in these steps'
UNCLEAR = 'command that is unclear'
IMPOSSIBLE = 'has no skill for'
DONE = ToolResult(Outcome.SUCCEEDED, 'done')


def sure(name, tool=1.0, certainties=None, **arguments):
    """A call, the probability of its tool, and those of its values (1 where none is given)."""
    shares = {**dict.fromkeys(arguments, 1.0), **(certainties or {})}
    return dataclasses.replace(calls(name, **arguments), certainty=CallCertainty(tool, shares))


NO_OTHER = calls('decline', reason='No.')


class Look:
    """Doubts at work on the calls of a task.

    Where nothing else is said, any call adds 4 to the likelihood of the command.
    """

    def __init__(
        self,
        *replies,
        command='go',
        before=None,
        likelihoods=None,
        min_support=0.0,
        result=DONE,
        earlier=(),
        tools=TOOLS,
    ):
        self.model = ListedModel([*replies, NO_OTHER, NO_OTHER])
        usual = {UNCLEAR: -1.0, IMPOSSIBLE: -2.0, '2. ': 3.0, MEANT: -1.0, ANYONE: -5.0}
        self.model.likelihoods = {**(likelihoods or {}), **usual, **(likelihoods or {})}
        self.model.min_support = min_support
        earlier = [[reply.message.tool_call for reply in turn] for turn in earlier]
        self.doubts = Doubts(self.model, command, before, tools, CancelToken(), earlier=earlier)
        self.tools = tools
        self.told = []
        self.notes = []
        self.next(result)

    def ask(self, withheld, on_progress, note='', listed=frozenset()):
        self.notes.append(note)
        said = Said(listed=listed)
        request = ChatRequest(
            'c1', (Message('user', 'go'),), self.tools, withheld=withheld, said=said
        )
        return self.model.reply(request, on_progress, CancelToken())

    def next(self, result=DONE):
        self.reply = self.doubts.reply(self.ask, self.told.append)
        self.call = self.reply.message.tool_call
        self.objection = self.doubts.objection(self.call)
        if not self.objection:
            self.doubts.add_run(self.call, result)

    @property
    def asked(self):
        """What was withheld in each request."""
        return [set(request.withheld) for request in self.model.requests]

    @property
    def listed(self):
        """What listed values were to be taken from in each request."""
        return [set(request.said.listed) for request in self.model.requests]

    @property
    def left(self):
        return {each.name for each in self.tools} - self.doubts.withheld


@pytest.mark.parametrize(
    ('wanted', 'anyone', 'min_support', 'runs'),
    [
        (-5.0, -9.0, 0.0, True),
        (-9.0, -5.0, 0.0, False),
        (-5.0, -5.0, 0.0, True),
        (-5.0, -6.0, 2.0, False),
        (-6.0, -5.0, -2.0, True),
    ],
)
def test_a_call_that_the_words_do_not_support_is_held_back(wanted, anyone, min_support, runs):
    skill = '1. Drive to a named place (place kitchen)\n'
    look = Look(
        calls('navigate_to', place='kitchen'),
        likelihoods={skill: wanted, ANYONE: anyone},
        min_support=min_support,
    )
    assert (look.objection == '') is runs
    if not runs:
        assert look.objection == f'{UNSUPPORTED.format(name="navigate_to")} {TELL}'
        assert look.left == {DECLINE.spec.name}


def test_a_follow_up_needs_less_support():
    assert Look(calls('stop'), likelihoods={MEANT: -7.0}).objection
    assert not Look(calls('stop'), before='turn left', likelihoods={MEANT: -7.0}).objection


def test_the_command_before_is_told():
    before = {'The command before was: "turn left"': -9.0}
    assert not Look(calls('stop'), before='turn left', likelihoods=before).objection


def test_a_call_with_a_value_that_the_command_names_needs_less_support():
    kitchen = calls('navigate_to', place='kitchen')
    assert not Look(kitchen, command='kitchen now', likelihoods={MEANT: -7.0}).objection
    assert Look(kitchen, command='cook', likelihoods={MEANT: -7.0}).objection


def test_a_command_in_another_language_needs_less_support():
    for command, runs in (('Bitte in die Küche.', True), ('Cook, please.', False)):
        look = Look(calls('stop'), command=command, likelihoods={MEANT: -6.0})
        assert (look.objection == '') is runs


def test_a_skill_without_arguments_is_told_by_its_description():
    assert Look(calls('stop'), likelihoods={'1. Stop all motion at once\n': -9.0}).objection


@pytest.mark.parametrize('likelihoods', [{'A robot': None}, {MEANT: None}])
def test_a_model_that_cannot_tell_doubts_nothing(likelihoods):
    assert not Look(calls('stop'), likelihoods=likelihoods).objection


def test_a_model_that_is_not_doubted_is_not_asked():
    look = Look(sure('stop', 0.1), likelihoods={'A robot': -9.0}, min_support=None)
    assert not look.objection
    assert len(look.model.requests) == 1


def test_what_moves_nothing_is_not_doubted():
    for reply in (sure('answer', 0.9, text='Hm.'), sure('decline', 0.1, reason='No.')):
        assert not Look(reply, likelihoods={MEANT: -9.0}).objection


SECOND = ('(distance_m 1.0)', '(place kitchen)')


@pytest.mark.parametrize(
    ('first', 'second', 'chosen'),
    [
        (-9.0, -1.0, 'navigate_to'),
        (-2.0, -1.0, 'drive'),
        (-1.0, -9.0, 'drive'),
    ],
)
def test_of_two_tools_the_one_the_command_supports_counts(first, second, chosen):
    look = Look(
        sure('drive', 0.6, distance_m=1.0),
        sure('navigate_to', 0.9, place='kitchen'),
        command='go 1 m to the kitchen',
        likelihoods=dict(zip(SECOND, (first, second), strict=True)),
    )
    assert look.call.name == chosen
    assert look.asked[:2] == [set(), BUILTIN_NAMES | {'drive'}]
    assert len(look.told) == 2, 'only the first reply is streamed'


def test_a_first_call_is_measured_by_the_first_step_of_the_command():
    look = Look(
        sure('drive', 0.99, distance_m=1.0),
        sure('stop', 0.5),
        sure('navigate_to', place='kitchen'),
        command='go to the kitchen and drive 1 m',
        likelihoods={f'{SECOND[0]}\nThe command, in the words of the operator: "go to': -9.0},
    )
    assert look.call.name == 'navigate_to'
    others = BUILTIN_NAMES | {'drive'}
    assert look.asked == [set(), others, others | {'stop'}]


@pytest.mark.parametrize(('share', 'support'), [(0.96, 4.0), (0.99, -4.0)])
def test_a_sure_choice_stands_at_once_if_supported_or_quite_sure(share, support):
    look = Look(sure('stop', share), likelihoods={MEANT: support - 5.0})
    assert not look.objection
    assert len(look.model.requests) == 1


def test_a_sure_choice_that_is_not_supported_has_a_rival_too():
    look = Look(
        sure('stop', 0.98),
        sure('navigate_to', place='kitchen'),
        command='to the kitchen',
        likelihoods={'Stop all': -12.0, SECOND[1]: -1.0},
    )
    assert look.call.name == 'navigate_to'
    assert not look.objection


@pytest.mark.parametrize(
    'second', [sure('decline', reason='No.'), calls('navigate_to', place='dock')]
)
def test_a_second_choice_that_moves_nothing_or_is_unsure_does_not_count(second):
    look = Look(sure('drive', 0.6, distance_m=1.0), second, likelihoods={SECOND[0]: -4.0})
    assert look.call.name == 'drive'


@pytest.mark.parametrize(
    ('share', 'with_it', 'without', 'runs'),
    [
        (0.99, -9.0, -1.0, True),
        (0.9, -1.0, -1.0, True),
        (0.9, -4.0, -1.0, False),
        (0.6, -1.0, -1.0, False),
        (0.6, -1.0, -3.0, True),
        (0.4, -1.0, -5.0, False),
    ],
)
def test_a_listed_value_that_the_command_does_not_tell(share, with_it, without, runs):
    look = Look(
        sure('navigate_to', certainties={'place': share}, place='kitchen'),
        command='go to the bathroom',
        likelihoods={
            '(place kitchen)': with_it,
            'Drive to a named place\n': without,
            ANYONE: -9.0,
        },
    )
    assert (look.objection == '') is runs
    if not runs:
        places = ': kitchen, kitchen table, dock'
        text = UNSAID.format(argument='place', name='navigate_to', choice=places)
        assert look.objection == f'{text} {ASK}'
        assert look.left == {ASK_OPERATOR.spec.name}


def test_a_value_in_the_words_of_the_command_is_told():
    reply = sure('navigate_to', certainties={'place': 0.3}, place='kitchen')
    assert not Look(reply, command='go to the KITCHEN').objection


@pytest.mark.parametrize(
    ('command', 'share', 'runs'),
    [('drive', 0.5, False), ('drive', 0.9, True), ('drive half a metre', 0.5, True)],
)
def test_a_number_that_the_command_does_not_tell(command, share, runs):
    look = Look(sure('drive', certainties={'distance_m': share}, distance_m=1.0), command=command)
    assert (look.objection == '') is runs
    if not runs:
        text = UNSAID.format(argument='distance_m', name='drive', choice='')
        assert look.objection == f'{text} {ASK}'


@pytest.mark.parametrize(
    ('distance', 'bound'), [(20.0, 'at most 5.0 m'), (0.01, 'at least 0.05 m')]
)
def test_a_number_beyond_its_bounds(distance, bound):
    look = Look(sure('drive', distance_m=distance), command=f'drive {distance} m')
    text = BEYOND.format(argument='distance_m', name='drive', value=distance, bound=bound)
    assert look.objection == f'{text} {ASK}'
    assert look.left == {ASK_OPERATOR.spec.name}


def test_what_is_not_supported_and_not_named_is_asked_for():
    look = Look(calls('stop'), command='bring it there', likelihoods={MEANT: -9.0})
    assert look.objection == f'{UNSUPPORTED.format(name="stop")} {ASK}'
    assert look.left == {ASK_OPERATOR.spec.name}


def test_what_another_robot_could_do_is_declined_not_asked():
    look = Look(
        sure('navigate_to', certainties={'place': 0.3}, place='kitchen'),
        command='measure the rain',
        likelihoods={UNCLEAR: -3.0},
    )
    assert look.objection.endswith(TELL)
    assert look.left == {DECLINE.spec.name}


def test_an_unsure_answer_before_anything_was_done_is_asked_for_again():
    look = Look(sure('answer', 0.6, text='Done.'), sure('stop'))
    assert look.call.name == 'stop'
    assert look.asked == [set(), {'answer'}]


BOTH = 'go to the kitchen and stop'
SKILLS = {'navigate_to', 'drive', 'stop'}
ANSWER = calls('answer', text='Done.')


def test_as_long_as_the_command_may_want_more_the_next_call_is_asked_for():
    look = Look(sure('navigate_to', place='kitchen'), calls('stop'), ANSWER, command=BOTH)
    look.next()
    assert look.call.name == 'stop'
    assert look.asked[1] == BUILTIN_NAMES | {'drive'}, 'drive needs an amount'
    assert look.notes[1] == LEFT.format(command=BOTH, done='navigate_to kitchen')
    look.next()
    assert look.call.name == 'answer'
    assert look.asked[2] == {'drive', 'stop'}
    assert not look.notes[2], 'nothing of ours is beside the result that is told'


@pytest.mark.parametrize(('adds', 'runs'), [(1.5, True), (0.5, False)])
def test_a_later_call_must_add_to_what_has_run(adds, runs):
    look = Look(
        sure('navigate_to', place='kitchen'),
        calls('stop'),
        *([] if runs else [NO_OTHER]),
        ANSWER,
        command=BOTH,
        likelihoods={'2. Stop all': adds - 1.0},
    )
    look.next()
    assert look.call.name == ('stop' if runs else 'answer')


def test_the_same_call_does_not_run_twice_in_a_row_unless_it_is_wanted_twice():
    for command, name in ((BOTH, 'answer'), ('go to the kitchen twice', 'navigate_to')):
        kitchen = sure('navigate_to', place='kitchen')
        end = [] if name == 'navigate_to' else [NO_OTHER]
        look = Look(kitchen, kitchen, *end, ANSWER, command=command)
        look.next()
        assert look.call.name == name


def test_a_command_of_one_step_may_end_after_it_at_once():
    look = Look(calls('stop'), ANSWER, command='stop')
    look.next()
    assert look.call.name == 'answer'
    assert look.asked == [set(), {'drive', 'stop'}]
    assert look.told[-1].text == ANSWER.message.content, 'what is said is streamed'


@pytest.mark.parametrize(('adds', 'runs'), [(2.5, True), (1.5, False)])
def test_a_step_that_the_words_hide_must_add_more(adds, runs):
    dock = sure('navigate_to', place='dock')
    look = Look(calls('stop'), dock, ANSWER, command='stop', likelihoods={'2. ': adds - 1.0})
    look.next()
    assert look.call.name == ('navigate_to' if runs else 'answer')
    assert look.asked[2:] == ([] if runs else [SKILLS])


@pytest.mark.parametrize(('reply', 'runs'), [(calls('stop'), True), (ANSWER, False)])
def test_whether_a_condition_holds_is_for_the_model_to_say(reply, runs):
    command = 'go to the kitchen, if it is hot stop'
    look = Look(
        sure('navigate_to', place='kitchen'),
        reply,
        calls('stop') if runs else ANSWER,
        command=command,
    )
    look.next()
    assert look.asked[1] == {'drive'}
    assert look.call.name == ('stop' if runs else 'answer')


@pytest.mark.parametrize(('read', 'runs'), [('18 %', True), ('71 %', False)])
def test_a_condition_on_a_number_is_compared_by_code(read, runs):
    look = Look(
        calls('stop'),
        *([sure('navigate_to', place='dock')] if runs else []),
        ANSWER,
        command='stop and if it is below 30 % go to the dock',
        result=ToolResult(Outcome.SUCCEEDED, read),
    )
    look.next()
    assert look.call.name == ('navigate_to' if runs else 'answer')


def test_after_a_failure_the_model_may_try_again_or_say_so():
    failed = ToolResult(Outcome.ABORTED, 'blocked')
    look = Look(calls('stop'), ANSWER, ANSWER, command='stop', result=failed)
    look.next()
    assert look.call.name == 'answer'
    assert look.asked[1] == {'drive'}


IF_FAILS = 'go to the kitchen. Should that fail, stop.'


@pytest.mark.parametrize(
    ('outcome', 'name'), [(Outcome.ABORTED, 'stop'), (Outcome.SUCCEEDED, 'answer')]
)
def test_what_is_wanted_if_a_step_fails(outcome, name):
    look = Look(
        sure('navigate_to', place='kitchen'),
        calls('stop') if name == 'stop' else ANSWER,
        command=IF_FAILS,
        result=ToolResult(outcome, 'blocked'),
        likelihoods={MEANT: 4.0},
    )
    look.next()
    assert look.call.name == name


def test_what_has_failed_is_not_done_instead():
    kitchen = sure('navigate_to', place='kitchen')
    look = Look(
        kitchen,
        kitchen,
        sure('stop'),
        command='go to the kitchen. Should that fail, go to the dock.',
        result=ToolResult(Outcome.ABORTED, 'blocked'),
        likelihoods={MEANT: 4.0},
    )
    look.next()
    assert look.call.name == 'stop'
    assert look.listed[1] == {'dock'}


def test_of_two_alternatives_one_is_done():
    command = 'look ahead. If you see a cup, go to the kitchen, otherwise stop now.'
    look = Look(sure('drive', distance_m=1.0), calls('stop'), ANSWER, command=command)
    look.next()
    assert look.call.name == 'stop'
    assert look.asked[1] >= BUILTIN_NAMES, 'the model must name a skill'
    look.next()
    assert look.call.name == 'answer'


def test_a_later_value_that_the_command_does_not_say_is_asked_for():
    unsaid = sure('navigate_to', certainties={'place': 0.3}, place='dock')
    look = Look(calls('stop'), unsaid, command='stop and go')
    look.next()
    assert look.objection.endswith(ASK)
    assert look.left == {ASK_OPERATOR.spec.name}


DOCK = calls('navigate_to', place='dock')


@pytest.mark.parametrize(
    ('command', 'earlier', 'runs'),
    [
        ('the same again', [[DOCK]], True),
        ('the same again', [[sure('navigate_to', place='kitchen')]], True),
        ('go back', [[DOCK], [calls('stop')]], True),
        ('go on', [[DOCK]], False),
    ],
)
def test_a_follow_up_may_mean_what_was_done_before(command, earlier, runs):
    unlikely = {'place dock': -20.0}
    look = Look(DOCK, command=command, before='go', earlier=earlier, likelihoods=unlikely)
    assert (look.objection == '') is runs


def test_a_value_of_an_earlier_call_may_be_meant():
    unsure = sure('navigate_to', certainties={'place': 0.3}, place='dock')
    assert Look(unsure, command='go back', before='go').objection
    assert not Look(unsure, command='go back', before='go', earlier=[[DOCK]]).objection


@pytest.mark.parametrize('again', [True, False])
def test_a_call_of_the_turn_before_is_wanted_again_whatever_it_adds(again):
    look = Look(
        sure('navigate_to', place='kitchen'),
        calls('stop'),
        *([] if again else [NO_OTHER]),
        ANSWER,
        command='do that in the kitchen too' if again else 'go to the kitchen and on',
        before='go to the dock and stop',
        earlier=[[DOCK, calls('stop')]],
        likelihoods={'2. Stop all': -1.0},
    )
    look.next()
    assert look.call.name == ('stop' if again else 'answer')


def plan(first, second):
    return f'1. {first}\n2. {second}\n'


GOES = 'Drive to a named place (place kitchen)'
MOVES = 'Drive by a distance (distance_m 2.0)'


@pytest.mark.parametrize(
    ('sooner', 'later', 'first'),
    [(3.0, 1.0, 'navigate_to'), (1.5, 1.0, 'drive'), (1.0, 3.0, 'drive')],
)
def test_a_step_that_goes_before_the_first_choice(sooner, later, first):
    look = Look(
        sure('drive', distance_m=2.0),
        sure('navigate_to', place='kitchen'),
        sure('drive', distance_m=2.0),
        command='2 m ahead in the kitchen',
        likelihoods={plan(GOES, MOVES): sooner, plan(MOVES, GOES): later, GOES: -2.0},
    )
    assert look.call.name == first
    if first == 'navigate_to':
        look.next()
        assert look.call.name == 'drive', 'the command is known to want both'


def test_where_all_that_is_named_is_used_no_step_is_looked_for():
    look = Look(sure('navigate_to', place='kitchen'), command='go to the kitchen')
    assert len(look.asked) == 1


def test_a_number_of_another_kind_is_not_told():
    look = Look(sure('drive', distance_m=2.0), NO_OTHER, command='turn by 90 degrees')
    choice = UNSAID.format(argument='distance_m', name='drive', choice='')
    assert look.objection.startswith(choice)


@pytest.mark.parametrize(('distance', 'runs'), [(2.0, True), (3.0, False)])
def test_a_number_of_a_later_call_is_one_that_is_told(distance, runs):
    look = Look(
        calls('stop'),
        sure('drive', distance_m=distance),
        *([] if runs else [NO_OTHER]),
        ANSWER,
        command='stop and drive 2 m',
    )
    look.next()
    assert look.call.name == ('drive' if runs else 'answer')


def test_the_first_call_takes_what_the_first_step_names():
    look = Look(sure('stop'), command='before you go to the dock, stop in the kitchen')
    assert look.listed[0] == {'kitchen'}


def test_later_calls_take_what_is_named_and_was_not_used():
    dock = sure('navigate_to', place='dock')
    look = Look(dock, ANSWER, command='go to the dock and then to the kitchen')
    look.next()
    assert look.listed[1] == {'kitchen'}


@pytest.mark.parametrize('command', ['undo that', 'Mach das bitte rückgängig.'])
def test_to_undo_is_to_take_the_other_value(command):
    left, right = sure('turn', to='left'), sure('turn', to='right')
    look = Look(
        right,
        ANSWER,
        command=command,
        before='turn left',
        earlier=[[left]],
        tools=(TURN, *BUILTINS),
        likelihoods={'to right': -20.0},
    )
    assert look.listed[0] == {'right'}
    assert not look.objection, 'it needs no support: it is the same tool'
    look.next()
    assert look.call.name == 'answer', 'the turn before was one call'


@pytest.mark.parametrize(
    ('text', 'adds', 'asks'),
    [
        ('tell them something', 4.0, True),
        ('Welcome to the lobby.', 2.0, True),
        ('Welcome to the lobby.', 3.0, False),
    ],
)
def test_a_text_that_the_command_does_not_tell_is_asked_for(text, adds, asks):
    look = Look(
        calls('say', text=text),
        command='tell them something',
        tools=(SAY, *BUILTINS),
        likelihoods={f'Say something (text {text})': adds - 1.0, IMPOSSIBLE: 9.0},
    )
    assert bool(look.objection) is asks
    assert not asks or look.left == {ASK_OPERATOR.spec.name}


def test_a_text_of_the_turn_before_is_said_again_though_more_is_said():
    said, more = calls('say', text='Dinner is at nine.'), 'Dinner is at nine in the kitchen.'
    look = Look(
        sure('navigate_to', place='kitchen'),
        calls('say', text=more),
        ANSWER,
        command='do that in the kitchen too',
        before='Say that dinner is at nine.',
        earlier=[[said]],
        tools=(NAVIGATE_TO, SAY, *BUILTINS),
        likelihoods={'2. Say something': -9.0},
    )
    look.next()
    assert look.call.arguments == {'text': more}
    look.next()
    assert look.call.name == 'answer'


def test_what_is_named_and_was_not_used_is_looked_for_last():
    look = Look(
        sure('stop'),
        calls('turn', to='left'),
        calls('say', text='Hm.'),
        sure('navigate_to', place='kitchen'),
        ANSWER,
        command='stop and bring it to the kitchen',
        tools=(TURN, SAY, NAVIGATE_TO, STOP, *BUILTINS),
        likelihoods={'2. Turn': -9.0, '2. Say': -9.0},
    )
    look.next()
    assert look.call.name == 'navigate_to'
    assert look.asked[-1] == BUILTIN_NAMES | {'turn', 'say', 'stop'}
    assert look.listed[-1] == {'kitchen'}


@pytest.mark.parametrize(('left', 'name'), [(-9.0, 'stop'), (11.0, 'turn')])
def test_a_later_choice_that_leaves_nothing_to_an_unsure_one_counts(left, name):
    look = Look(
        sure('navigate_to', place='kitchen'),
        sure('turn', 0.4, to='left'),
        sure('stop'),
        ANSWER,
        command='go to the kitchen and have all motors off',
        tools=(TURN, NAVIGATE_TO, STOP, *BUILTINS),
        likelihoods={'3. Turn': left, '2. Turn': 1.0, '2. Stop': 9.0},
    )
    look.next()
    assert look.call.name == name


def test_what_announces_the_steps_is_none_of_them():
    look = Look(
        sure('navigate_to', place='kitchen'),
        command='The dock round, please: go to the kitchen and stop',
    )
    assert look.listed[0] == {'kitchen'}


def test_a_value_that_was_taken_back_is_not_wanted():
    command = 'go to the kitchen, no wait, to the dock'
    look = Look(sure('navigate_to', place='dock'), ANSWER, command=command)
    assert look.listed[0] == {'dock'}
    look.next()
    assert look.call.name == 'answer'

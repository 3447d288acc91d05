import dataclasses

import pytest

from nemotron_agent.core.builtin_tools import ASK_OPERATOR, DECLINE, builtin_tools
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import CallCertainty, ChatRequest, ReplyProtocol
from nemotron_agent.core.doubt import BEYOND, GO_ON, UNSAID, UNSUPPORTED, Doubts
from nemotron_agent.core.messages import Message
from nemotron_agent.testing.listed_model import ListedModel, calls
from nemotron_agent.testing.robot_tools import NAVIGATE_TO, STOP, tool

DRIVE = tool(
    'drive',
    'Drive by a distance.',
    ('distance_m',),
    distance_m={'type': 'number', 'minimum': 0.05, 'maximum': 5.0, 'unit': 'm'},
)
BUILTINS = tuple(tool.spec for tool in builtin_tools(ReplyProtocol.CALL_ONLY))
TOOLS = (NAVIGATE_TO, DRIVE, STOP, *BUILTINS)
ANYONE = 'robot has skills'


def sure(name, tool=1.0, certainties=None, **arguments):
    """A call, the probability of its tool, and those of its values (1 where none is given)."""
    shares = {**dict.fromkeys(arguments, 1.0), **(certainties or {})}
    return dataclasses.replace(calls(name, **arguments), certainty=CallCertainty(tool, shares))


NO_OTHER = calls('decline', reason='No.')


class Look:
    """Doubts at work on the first call of a task."""

    def __init__(
        self,
        *replies,
        command='go',
        before=None,
        likelihoods=None,
        min_support=0.0,
    ):
        self.model = ListedModel([*replies, NO_OTHER])
        usual = {'A robot skill': -1.0, ANYONE: -5.0}
        self.model.likelihoods = {**(likelihoods or {}), **usual, **(likelihoods or {})}
        self.model.min_support = min_support
        self.doubts = Doubts(self.model, command, before, TOOLS, CancelToken())
        self.told = []
        self.next()

    def ask(self, withheld, on_progress):
        request = ChatRequest('c1', (Message('user', 'go'),), TOOLS, withheld=withheld)
        return self.model.reply(request, on_progress, CancelToken())

    def next(self):
        self.reply = self.doubts.reply(self.ask, self.told.append)
        self.call = self.reply.message.tool_call
        self.objection = self.doubts.objection(self.call)
        if not self.objection:
            self.doubts.add_run(self.call)

    @property
    def left(self):
        return {each.name for each in TOOLS} - self.doubts.withheld


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
    skill = 'A robot skill: Drive to a named place (place kitchen).'
    look = Look(
        calls('navigate_to', place='kitchen'),
        likelihoods={skill: wanted, ANYONE: anyone},
        min_support=min_support,
    )
    assert (look.objection == '') is runs
    if not runs:
        assert look.objection == UNSUPPORTED.format(name='navigate_to')
        assert look.left == {DECLINE.spec.name}


def test_a_follow_up_needs_less_support():
    likelihoods = {'The command before was: "turn left"': -7.0}
    unheard = {'A robot skill': -7.0}
    assert Look(calls('stop'), likelihoods=unheard).objection
    before = {'stop all motion at once': -7.0, **likelihoods}
    assert not Look(calls('stop'), before='turn left', likelihoods=before).objection


def test_a_skill_without_arguments_is_told_by_its_description():
    assert Look(
        calls('stop'), likelihoods={'A robot skill: Stop all motion at once.\n': -9.0}
    ).objection


@pytest.mark.parametrize('likelihoods', [{'A robot': None}, {'A robot skill': None}])
def test_a_model_that_cannot_tell_doubts_nothing(likelihoods):
    assert not Look(calls('stop'), likelihoods=likelihoods).objection


def test_a_model_that_is_not_doubted_is_not_asked():
    look = Look(sure('stop', 0.1), likelihoods={'A robot': -9.0}, min_support=None)
    assert not look.objection
    assert len(look.model.requests) == 1


def test_what_moves_nothing_or_is_unknown_is_not_doubted():
    for reply in (sure('answer', 0.1, text='Hm.'), sure('fly', 0.1)):
        assert not Look(reply, likelihoods={'A robot skill': -9.0}).objection


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
    assert [request.withheld for request in look.model.requests] == [set(), {'drive'}]
    assert len(look.told) == 2, 'only the first reply is streamed'


def test_the_first_choice_is_measured_by_the_first_step_of_the_command():
    command = 'go to the kitchen and drive 1 m'
    look = Look(
        sure('drive', 0.6, distance_m=1.0),
        sure('navigate_to', place='kitchen'),
        command=command,
        likelihoods={
            f'{SECOND[1]}.\nAn operator who wants it says: "go to the kitchen"': -1.0,
            'An operator who wants it says: "go to the kitchen"': -9.0,
            f'An operator who wants it says: "{command}"': -1.0,
        },
    )
    assert look.call.name == 'navigate_to'


@pytest.mark.parametrize(('share', 'support'), [(0.96, 4.0), (0.99, -4.0)])
def test_a_sure_choice_stands_at_once_if_supported_or_quite_sure(share, support):
    look = Look(sure('stop', share), likelihoods={'A robot skill': support - 5.0})
    assert not look.objection
    assert len(look.model.requests) == 1


def test_later_calls_need_support_however_sure():
    look = Look(sure('stop'), sure('navigate_to', place='dock'), likelihoods={'(place': -9.0})
    look.next()
    assert look.objection


def test_a_sure_choice_that_is_not_supported_has_a_rival_too():
    look = Look(
        sure('stop', 0.98),
        sure('navigate_to', place='kitchen'),
        command='to the kitchen',
        likelihoods={'Stop all': -12.0},
    )
    assert look.call.name == 'navigate_to'
    assert not look.objection


@pytest.mark.parametrize(
    'second', [sure('decline', reason='No.'), calls('navigate_to', place='dock')]
)
def test_a_second_choice_that_moves_nothing_or_is_unsure_does_not_count(second):
    look = Look(sure('drive', 0.6, distance_m=1.0), second, likelihoods={SECOND[0]: -4.0})
    assert look.call.name == 'drive'


def test_a_second_choice_that_has_run_does_not_count():
    look = Look(
        sure('navigate_to', place='kitchen'),
        sure('drive', 0.6, distance_m=1.0),
        sure('navigate_to', place='kitchen'),
        command='to the kitchen, then 1 m',
        likelihoods={SECOND[0]: -4.9},
    )
    look.next()
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
        likelihoods={'(place kitchen)': with_it, 'Drive to a named place.': without, ANYONE: -9.0},
    )
    assert (look.objection == '') is runs
    if not runs:
        places = ': kitchen, kitchen table, dock'
        assert look.objection == UNSAID.format(argument='place', name='navigate_to', choice=places)
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
        assert look.objection == UNSAID.format(argument='distance_m', name='drive', choice='')


@pytest.mark.parametrize(
    ('distance', 'bound'), [(20.0, 'at most 5.0 m'), (0.01, 'at least 0.05 m')]
)
def test_a_number_beyond_its_bounds(distance, bound):
    look = Look(sure('drive', distance_m=distance), command=f'drive {distance} m')
    assert look.objection == BEYOND.format(
        argument='distance_m', name='drive', value=distance, bound=bound
    )
    assert look.left == {ASK_OPERATOR.spec.name}


def test_after_a_run_only_what_was_called_is_withheld_at_first():
    unsaid = sure('drive', certainties={'distance_m': 0.1}, distance_m=1.0)
    look = Look(calls('stop'), unsaid, NO_OTHER, unsaid, command='stop')
    assert not look.doubts.withheld
    look.next()
    assert look.objection == GO_ON.format(name='drive')
    assert look.doubts.withheld == {'drive'}
    look.next()
    assert look.left == {each.name for each in BUILTINS}

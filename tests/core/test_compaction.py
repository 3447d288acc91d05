import itertools

from nemotron_agent.core.compaction import History, last_resorts, steps
from nemotron_agent.core.disabled_note import with_disabled_note
from nemotron_agent.core.left_out import LeftOut
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.pinned_facts import MAX_FACT_CHARACTERS, MAX_FACTS

LONG = 'The robot is there.\n' + 'detail ' * 30


def turn(text, *, result=LONG, reasoning='hm'):
    call = ToolCall(text, 'go_to', {'place': 'dock'})
    return (
        Message('user', text),
        Message('assistant', '', tool_call=call, reasoning=reasoning),
        Message('tool', result, tool_name='go_to'),
        Message('assistant', 'Done.'),
    )


def history(count, present=(), **kind):
    return History(tuple(turn(str(i), **kind) for i in range(count)), LeftOut(), present)


def test_reasoning_goes_first_then_results_then_turns():
    path = steps(history(4), 2)
    assert path[0] == history(4)
    gone = [(each.left_out.reasonings, each.left_out.results, len(each.turns)) for each in path]
    assert gone == [(0, 0, 4), (2, 0, 4), (2, 1, 4), (2, 2, 4), (2, 2, 3), (2, 2, 2)]
    assert [each[2].content for each in path[2].turns[:2]] == ['The robot is there. [...]', LONG]
    assert [each.left_out.turns for each in path] == [0, 0, 0, 0, 1, 2]


def test_the_newest_turns_stay_as_they_are():
    before = history(5, present=(Message('user', 'now'),))
    for n_newest in range(6):
        for each in steps(before, n_newest):
            assert each.turns[len(each.turns) - n_newest :] == before.turns[5 - n_newest :]
            assert each.present == before.present


def test_what_changes_nothing_is_no_step():
    path = steps(history(3, result='done', reasoning=''), 1)
    assert [len(each.turns) for each in path] == [3, 2, 1]


def test_a_call_keeps_its_result_at_every_step():
    present = (*turn('now')[:3], *turn('then')[1:3])
    path = last_resorts(history(3, present))
    for each in path:
        messages = each.messages
        for message, following in itertools.pairwise(messages):
            assert (message.tool_call is not None) == (following.role == 'tool')
    assert path[-1].turns == ()


def test_of_the_present_turn_only_old_results_and_reasoning_go():
    present = (*turn('now')[:3], *turn('then')[1:3])
    last = last_resorts(history(1, present))[-1].present
    assert [message.role for message in last] == [message.role for message in present]
    assert last[0] == present[0]
    assert last[1].reasoning == ''
    assert last[2].content == 'The robot is there. [...]'
    assert last[-2:] == present[-2:]


def test_commands_that_teach_are_kept_when_their_turns_go():
    taught = ['My name is Ann.', 'go', 'This is\nthe lab.', 'My name is Ann.']
    before = History(tuple(turn(text) for text in taught), LeftOut())
    left_out = steps(before, 0)[-1].left_out
    assert left_out.facts == ('This is the lab.', 'My name is Ann.')
    assert left_out.lost_facts == 0


def test_what_a_command_was_told_beside_is_no_part_of_a_fact():
    disabled = {'grasp': 'the arm to be on'}
    taught = ['Is this what my name is?', 'My name is Ann.']
    told = [with_disabled_note(text, disabled) for text in taught]
    before = History(tuple(turn(text) for text in told), LeftOut())
    assert steps(before, 0)[-1].left_out.facts == ('My name is Ann.',)


def test_facts_are_bounded_and_it_is_said():
    taught = [f'Remember {i}: ' + 'x' * 500 for i in range(MAX_FACTS + 3)]
    before = History(tuple(turn(text) for text in taught), LeftOut())
    left_out = steps(before, 0)[-1].left_out
    assert len(left_out.facts) == MAX_FACTS
    assert left_out.facts[0].startswith('Remember 3: ')
    assert all(len(fact) < MAX_FACT_CHARACTERS + 50 for fact in left_out.facts)
    assert left_out.lost_facts == 3
    assert '3 things to remember' in left_out.note

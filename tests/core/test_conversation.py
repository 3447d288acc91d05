from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.left_out import LeftOut
from nemotron_agent.core.messages import Message


def test_the_model_sees_a_note_in_place_of_what_is_left_out():
    conversation = Conversation('a')
    conversation.add_turn((Message('user', '1'), Message('assistant', 'one')))
    conversation.add_turn((Message('user', '2'),))
    assert [message.content for message in conversation.messages] == ['1', 'one', '2']
    conversation.shorten(conversation.turns[1:], LeftOut(turns=1, summary='A number.'))
    note, rest = conversation.messages
    assert (note.role, rest) == ('user', Message('user', '2'))
    assert '1 of the oldest turns' in note.content
    assert 'A number.' in note.content


def test_a_note_says_what_is_gone_and_what_to_remember():
    assert LeftOut().note == ''
    note = LeftOut(results=2, reasonings=3, facts=('My name is Ann.', 'This is the lab.')).note
    assert note.splitlines() == [
        'Note on this conversation, not from the operator. To make room, left out so far: '
        '2 tool results but for a line each, 3 pieces of your reasoning.',
        'What the operator said to remember:',
        '- My name is Ann.',
        '- This is the lab.',
    ]

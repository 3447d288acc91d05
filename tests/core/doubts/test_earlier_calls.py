from nemotron_agent.core.doubts.earlier_calls import NOT_DONE, calls_of
from nemotron_agent.core.messages import Message
from nemotron_agent.testing.listed_model import calls


def test_the_calls_that_came_back_with_a_result():
    wave, bow, answer = (
        calls('wave').message,
        calls('bow').message,
        calls('answer', text='Done.').message,
    )
    turn = (
        Message('user', 'bow and wave'),
        bow,
        Message('tool', f'{NOT_DONE}bow is not what the command asks for.', tool_name='bow'),
        wave,
        Message('tool', 'It succeeded.', tool_name='wave'),
        answer,
    )
    assert [call.name for call in calls_of(turn)] == ['wave']

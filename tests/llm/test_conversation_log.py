from nemotron_agent.core.messages import Message
from nemotron_agent.llm.conversation_log import ConversationLog, ConversationLogs, ReplyEnd
from nemotron_agent.testing.robot_tools import STOP, TURN

HI, HELLO, GO = Message('user', 'hi'), Message('assistant', 'hello'), Message('user', 'go')


def a_log():
    log = ConversationLog((STOP,), (HI,), [1, 2, 3])
    log.tokens += [4, 5]
    log.end_reply(HELLO)
    return log


def test_an_extension_shares_the_replies_before_it():
    assert a_log().shared_ends((HI, HELLO, GO), (STOP,)) == (ReplyEnd(2, 5),)


def test_other_messages_or_tools_share_nothing():
    assert a_log().shared_ends((HI, Message('assistant', 'bye'), GO), (STOP,)) == ()
    assert a_log().shared_ends((HI,), (STOP,)) == ()
    assert a_log().shared_ends((HI, HELLO, GO), (TURN,)) == ()


def test_the_log_used_longest_ago_gives_way():
    logs = ConversationLogs(capacity=2)
    for name in 'abac':
        logs.put(name, a_log())
    assert logs.get('b') is None
    assert logs.get('a') is not None
    logs.forget('a')
    logs.forget('a')
    assert logs.get('a') is None

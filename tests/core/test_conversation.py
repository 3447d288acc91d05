from nemotron_agent.core.conversation import ConversationStore
from nemotron_agent.core.messages import Message


def test_the_conversation_used_longest_ago_gives_way():
    store = ConversationStore(capacity=2)
    first = store.get('first')
    store.get('second')
    assert store.get('first') is first
    store.get('third')
    assert [conversation.id for conversation in store.list()] == ['first', 'third']


def test_remove_says_whether_there_was_one():
    store = ConversationStore(capacity=2)
    store.get('a')
    assert store.remove('a')
    assert not store.remove('a')


def test_turns_are_dropped_whole():
    conversation = ConversationStore(capacity=1).get('a')
    conversation.add_turn((Message('user', '1'), Message('assistant', 'one')))
    conversation.add_turn((Message('user', '2'),))
    conversation.drop_oldest_turn()
    assert conversation.messages == (Message('user', '2'),)

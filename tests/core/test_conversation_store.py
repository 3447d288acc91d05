from nemotron_agent.core.conversation_store import ConversationStore


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

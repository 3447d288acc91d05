import pytest

from nemotron_agent.llm.snapshots import Snapshot, Snapshots, Worth, common_prefix


def kept(length, worth, owner='a', first=0, sequence=1):
    return Snapshot(tuple(range(first, first + length)), sequence, owner, worth)


def cheapest(*snapshots, going_on='a'):
    kept_ones = Snapshots()
    for snapshot in snapshots:
        kept_ones.add(snapshot)
    return kept_ones.cheapest(going_on)


@pytest.mark.parametrize(
    ('ours', 'theirs', 'shared'),
    [
        ([], [1], 0),
        ([1, 2], [1, 2, 3], 2),
        ([1, 2, 4], [1, 2, 3], 2),
        (list(range(1000)), list(range(1000)), 1000),
        (list(range(1000)), [*range(700), 1, 2], 700),
        (list(range(512)), list(range(900)), 512),
    ],
)
def test_common_prefix(ours, theirs, shared):
    assert common_prefix(ours, theirs) == common_prefix(theirs, ours) == shared


def test_the_shared_one_never_gives_way():
    shared, end = kept(10, Worth.SHARED, None), kept(4000, Worth.NEXT)
    assert cheapest(shared, end) == end
    assert cheapest(shared) is None


def test_what_is_rebuilt_from_a_neighbour_gives_way_first():
    shared = kept(1000, Worth.SHARED, None)
    near = kept(1100, Worth.NEXT)
    assert cheapest(shared, kept(1400, Worth.NEXT, 'b'), near) == near


def test_where_a_turn_began_gives_way_to_where_a_conversation_goes_on():
    shared = kept(1000, Worth.SHARED, None)
    began, end = kept(1500, Worth.TURN), kept(1200, Worth.NEXT, 'b')
    assert cheapest(shared, began, end) == began
    assert cheapest(shared, kept(4000, Worth.TURN), end) == end


def test_the_turn_of_a_conversation_that_was_left_gives_way_before_its_end():
    began, end = kept(3000, Worth.TURN), kept(3100, Worth.NEXT)
    assert cheapest(began, end, going_on='b') == began
    assert cheapest(began, end, going_on='a') == end


def test_a_step_gives_way_before_a_turn():
    turn, step = kept(1000, Worth.TURN), kept(2000, Worth.STEP)
    assert cheapest(turn, step) == step


def test_a_new_one_may_be_the_cheapest():
    snapshots = Snapshots()
    snapshots.add(kept(100, Worth.NEXT))
    new = kept(10, Worth.NEXT, 'b', first=5)
    assert snapshots.cheapest('a', new) is new
    assert len(snapshots) == 1


def test_after_unpin_the_shared_one_may_give_way():
    snapshots = Snapshots()
    snapshots.add(kept(10, Worth.SHARED, None))
    snapshots.unpin()
    assert snapshots.cheapest('a').worth is Worth.NEXT


def test_finds_the_longest_within_tokens():
    snapshots = Snapshots()
    for length in (3, 5, 9):
        snapshots.add(kept(length, Worth.TURN))
    assert len(snapshots.longest_within(list(range(7))).tokens) == 5
    assert len(snapshots.longest_within(list(range(5))).tokens) == 5
    assert snapshots.longest_within([7, 8]) is None
    assert snapshots.same_as(range(9)).tokens == tuple(range(9))
    assert snapshots.same_as(range(8)) is None

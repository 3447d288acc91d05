import itertools
import threading

import pytest

pytest.importorskip('rclpy')

from nemotron_agent.core.tool import RequestState
from nemotron_agent.ros.late_ends import MAX_FOLLOWED, LateEnds
from nemotron_agent.testing.ros_domain import wait_for

END = (RequestState.CANCELED, 'it stopped')


@pytest.fixture
def late_ends():
    late_ends = LateEnds()
    yield late_ends
    late_ends.close()
    late_ends.close()


def names():
    return [thread.name for thread in threading.enumerate()]


def test_an_end_is_told_once_and_the_thread_ends_with_the_last(late_ends):
    told, looks = [], itertools.count()
    late_ends.follow(lambda: END if next(looks) >= 2 else None, lambda *end: told.append(end))
    assert 'late-ends' in names()
    wait_for(lambda: told)
    wait_for(lambda: 'late-ends' not in names())
    assert told == [END]
    late_ends.follow(lambda: END, lambda *end: told.append(end))
    wait_for(lambda: len(told) == 2)


def test_one_that_fails_does_not_end_the_others(late_ends):
    told = []

    def fail(*_):
        raise RuntimeError('gone')

    ready = threading.Event()
    late_ends.follow(fail, fail)
    late_ends.follow(lambda: END, fail)
    late_ends.follow(lambda: END if ready.is_set() else None, lambda *end: told.append(end))
    ready.set()
    wait_for(lambda: told == [END])


def test_only_so_many_are_followed(late_ends):
    told, ready = [], threading.Event()

    def look():
        return END if ready.is_set() else None

    for number in range(MAX_FOLLOWED + 1):
        late_ends.follow(look, lambda *_, number=number: told.append(number))
    ready.set()
    wait_for(lambda: len(told) == MAX_FOLLOWED)
    assert 0 not in told


def test_after_close_nothing_is_told(late_ends):
    told = []
    late_ends.close()
    late_ends.follow(lambda: END, told.append)
    assert 'late-ends' not in names()
    assert told == []

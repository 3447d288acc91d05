import pytest

from nemotron_agent.core.chat_model import ContextSize, MemoryUse
from nemotron_agent.llm.memory_ladder import (
    MemoryLadder,
    MemoryMarks,
    Rung,
    ladder_rungs,
    size_on,
)
from nemotron_agent.llm.memory_pressure import MemoryPressure

MARKS = MemoryMarks(low_bytes=100, high_bytes=300, stalled_percent=20, down_sec=2, up_sec=30)
SHORT, BETWEEN, PLENTY = MemoryPressure(99), MemoryPressure(200), MemoryPressure(301)
RUNGS = tuple(Rung)


def judged(ladder, pressure, times):
    return [ladder.judge(pressure, time) for time in times]


def test_a_step_down_needs_memory_to_be_short_for_a_while():
    ladder = MemoryLadder(RUNGS, MARKS)

    assert judged(ladder, SHORT, (10, 11, 11.9)) == [None, None, None]
    assert ladder.judge(SHORT, 12) is Rung.FEWER_SNAPSHOTS


def test_being_short_for_a_moment_counts_for_nothing_later():
    ladder = MemoryLadder(RUNGS, MARKS)
    ladder.judge(SHORT, 10)
    ladder.judge(BETWEEN, 11)

    assert judged(ladder, SHORT, (12, 13)) == [None, None]


def test_after_a_step_its_effect_is_awaited():
    ladder = MemoryLadder(RUNGS, MARKS)
    ladder.judge(SHORT, 10)
    ladder.stand_on(ladder.judge(SHORT, 12))

    assert judged(ladder, SHORT, (13, 14)) == [None, None]
    assert ladder.judge(SHORT, 15) is Rung.SMALLER_CONTEXT


def test_it_goes_up_only_with_plenty_for_a_long_time():
    ladder = MemoryLadder(RUNGS, MARKS)
    ladder.stand_on(Rung.SMALLER_CONTEXT)

    assert judged(ladder, BETWEEN, (10, 100, 1000)) == [None, None, None]
    assert judged(ladder, PLENTY, (1001, 1030)) == [None, None]
    assert ladder.judge(PLENTY, 1031) is Rung.FEWER_SNAPSHOTS


def test_waiting_for_memory_is_being_short_of_it():
    ladder = MemoryLadder(RUNGS, MARKS)
    stalled = MemoryPressure(PLENTY.free_bytes, stalled_percent=21)

    assert judged(ladder, stalled, (1, 3)) == [None, Rung.FEWER_SNAPSHOTS]


def test_it_does_not_go_up_while_there_is_waiting_for_memory():
    ladder = MemoryLadder(RUNGS, MARKS)
    ladder.stand_on(Rung.FEWER_SNAPSHOTS)
    waiting = MemoryPressure(PLENTY.free_bytes, stalled_percent=15)

    assert judged(ladder, waiting, (1, 100)) == [None, None]


@pytest.mark.parametrize(('rung', 'pressure'), [(RUNGS[-1], SHORT), (RUNGS[0], PLENTY)])
def test_it_has_two_ends(rung, pressure):
    ladder = MemoryLadder(RUNGS, MARKS)
    ladder.stand_on(rung)

    assert judged(ladder, pressure, (1, 100)) == [None, None]
    assert ladder.rung is rung


@pytest.mark.parametrize(
    ('planned_needed', 'low'), [(0, 100), (500, 100), (801, 99), (900, 50), (1000, 0), (1100, 0)]
)
def test_the_low_mark_is_at_most_half_of_what_the_plan_leaves(planned_needed, low):
    use = MemoryUse(buffers=800, context=300, planned_needed=planned_needed)
    marks = MemoryMarks.beside(use, 100, bytes_before=1000)

    assert (marks.low_bytes, marks.high_bytes) == (low, low + 300)


def test_sizes_become_smaller_rung_by_rung():
    size = ContextSize(8192, 4)

    assert [size_on(rung, size, 3000) for rung in RUNGS[:-1]] == [
        ContextSize(8192, 4),
        ContextSize(8192, 1),
        ContextSize(4096, 1),
        ContextSize(3072, 0),
    ]
    assert ladder_rungs(size, 3000) == RUNGS


def test_no_size_is_under_the_least_or_over_the_configured():
    assert size_on(Rung.SMALLER_CONTEXT, ContextSize(4096, 1), 3000) == ContextSize(3072, 1)
    assert size_on(Rung.LEAST_CONTEXT, ContextSize(2048, 1), 3000) == ContextSize(2048, 0)


def test_rungs_that_would_change_nothing_are_left_out():
    assert ladder_rungs(ContextSize(2048, 0), 2048) == (Rung.AS_CONFIGURED, Rung.INACTIVE)
    assert ladder_rungs(None) == (Rung.AS_CONFIGURED, Rung.INACTIVE)

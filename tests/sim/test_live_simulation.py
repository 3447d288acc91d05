import threading

import pytest

from nemotron_agent.sim.live_simulation import MAX_LAG_SEC, LiveSimulation
from nemotron_agent.sim.motion import DriveOnHeading
from nemotron_agent.sim.movement import MovementEnd


def time_of(live):
    with live.use() as simulation:
        return simulation.time_sec


@pytest.mark.parametrize('speed_up', [0.5, 1.0, 5.0])
def test_simulated_time_follows_the_clock(speed_up, simulation):
    live = LiveSimulation(simulation, speed_up)
    for tick in range(101):
        live.tick(7.0 + tick * 0.04)
    assert time_of(live) == pytest.approx(4.0 * speed_up, abs=0.021)


def test_a_late_tick_makes_up_only_so_much(simulation):
    live = LiveSimulation(simulation)
    live.tick(0.0)
    live.tick(60.0)
    assert time_of(live) == pytest.approx(MAX_LAG_SEC, abs=0.021)


def test_waiting_sees_each_tick(simulation):
    live = LiveSimulation(simulation)
    motion = DriveOnHeading(0.1)
    with live.use() as running:
        running.base.start(motion)
    done = threading.Event()

    def tick():
        now = 0.0
        while not done.is_set():
            live.tick(now)
            now += 0.1

    ticking = threading.Thread(target=tick)
    ticking.start()
    try:
        assert live.wait_for(lambda: motion.end is not None, 10.0)
    finally:
        done.set()
        ticking.join()
    assert motion.end is MovementEnd.SUCCEEDED


def test_a_wait_has_an_end(simulation):
    assert not LiveSimulation(simulation).wait_for(lambda: False, 0.01)


def test_closing_ends_movements_and_the_time(simulation):
    live = LiveSimulation(simulation)
    motion = DriveOnHeading(1.0)
    with live.use() as running:
        running.base.start(motion)
    live.tick(0.0)
    live.close()
    assert live.closed
    assert motion.end is MovementEnd.CLOSED
    stands_at = time_of(live)
    live.tick(0.4)
    assert time_of(live) == stands_at

import threading
import time

import pytest

from nemotron_agent.safety.heartbeat_watch import HeartbeatWatch

SOON = 10.0


@pytest.fixture
def watch():
    lost = threading.Event()
    made = []

    def make(limit_sec):
        made.append(HeartbeatWatch(limit_sec, lost.set))
        return made[-1], lost

    yield make
    for one in made:
        one.close()


def test_a_beat_that_does_not_come_is_noticed_once_until_armed_again(watch):
    heartbeat, lost = watch(0.02)
    heartbeat.arm()
    assert lost.wait(SOON)
    lost.clear()
    heartbeat.beat()
    assert not lost.wait(0.1)
    heartbeat.arm()
    assert lost.wait(SOON)


def test_beats_put_it_off(watch):
    heartbeat, lost = watch(0.5)
    heartbeat.arm()
    begin = time.monotonic()
    while time.monotonic() - begin < 1.0:
        heartbeat.beat()
        assert not lost.wait(0.02)
    assert lost.wait(SOON)
    assert time.monotonic() - begin >= 1.4


def test_nothing_is_expected_before_it_is_armed_or_once_it_is_disarmed(watch):
    heartbeat, lost = watch(0.02)
    assert not lost.wait(0.1)
    heartbeat.arm()
    heartbeat.disarm()
    assert not lost.wait(0.1)


def test_it_ends(watch):
    heartbeat, lost = watch(0.05)
    heartbeat.arm()
    heartbeat.close()
    heartbeat.close()
    assert not lost.wait(0.1)

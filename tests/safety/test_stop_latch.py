import threading
import time

import pytest

from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.safety import stop_latch
from nemotron_agent.safety.stop_latch import StopLatch
from nemotron_agent.testing.condition import wait_for


def test_a_stop_cancels_what_is_watched_and_says_so():
    latch, token, done = StopLatch(), CancelToken(), CancelToken()
    with latch.watch(done):
        pass
    with latch.watch(token) as stopped:
        assert stopped is None
        report = latch.stop('a test')
        assert token.reason is CancelReason.STOPPED
    assert report.calls == 1
    assert not done.canceled
    assert latch.stopped.reason == 'a test'
    assert str(latch.stopped).startswith('stopped by a test at ')
    assert latch.last_report is report


def test_it_holds_until_it_is_released():
    latch, token = StopLatch(), CancelToken()
    latch.stop('a test')
    for _ in range(2):
        with latch.watch(token) as stopped:
            assert stopped.reason == 'a test'
    assert not token.canceled, 'what is not let through need not be cancelled'
    assert latch.release().reason == 'a test'
    with latch.watch(token) as stopped:
        assert stopped is None
    assert latch.release() is None


def test_the_first_reason_stays_and_a_second_stop_is_not_told():
    latch, told = StopLatch(), []
    latch.listen(lambda stop, report: told.append(stop and stop.reason))
    first = latch.stop('one')
    second = latch.stop('two')
    assert second.stop is first.stop
    latch.release()
    latch.release()
    assert told == ['one', None]


def test_a_listener_that_fails_keeps_no_other_from_being_told(caplog):
    latch, told = StopLatch(), []
    latch.listen(lambda stop, report: 1 / 0)
    latch.listen(lambda stop, report: told.append(stop.reason))
    latch.stop('a test')
    assert told == ['a test']
    assert 'a listener of the stop failed' in caplog.text


def test_the_latency_counts_from_the_arrival_until_all_were_told():
    latch, token, cancelled_at = StopLatch(), CancelToken(), []
    token.on_cancel(lambda: cancelled_at.append(time.monotonic()))
    arrived_at = time.monotonic() - 1.0
    with latch.watch(token):
        report = latch.stop('a test', arrived_at)
    assert arrived_at + report.latency_sec >= cancelled_at[0]
    assert report.latency_sec >= 1.0


def test_a_stop_is_told_after_the_release_that_came_before_it():
    latch, token, told = StopLatch(), CancelToken(), []
    release_is_told, go_on = threading.Event(), threading.Event()

    def listener(stop, report):
        if stop is None:
            release_is_told.set()
            go_on.wait(10.0)
        told.append(stop and stop.reason)

    latch.stop('one')
    latch.listen(listener)
    releasing = threading.Thread(target=latch.release)
    releasing.start()
    assert release_is_told.wait(10.0)
    with latch.watch(token):
        stopping = threading.Thread(target=latch.stop, args=['two'])
        stopping.start()
        assert token.wait(10.0), 'no listener holds up a cancel'
    assert latch.stopped.reason == 'two'
    go_on.set()
    for thread in (releasing, stopping):
        thread.join(10.0)
    assert told == [None, 'two']


def test_a_release_is_told_after_the_stop_that_it_ends():
    latch, told = StopLatch(), []
    stop_is_told, go_on = threading.Event(), threading.Event()

    def listener(stop, report):
        if stop is not None:
            stop_is_told.set()
            go_on.wait(10.0)
        told.append(stop and stop.reason)

    latch.listen(listener)
    stopping = threading.Thread(target=latch.stop, args=['one'])
    stopping.start()
    assert stop_is_told.wait(10.0)
    releasing = threading.Thread(target=latch.release)
    releasing.start()
    releasing.join(0.1)
    go_on.set()
    for thread in (releasing, stopping):
        thread.join(10.0)
    assert told == ['one', None]
    assert latch.stopped is None


@pytest.mark.parametrize('workers', [8])
def test_nothing_begins_after_a_stop_has_returned(workers):
    latch, begun, stopped_at = StopLatch(), [], []
    ready = threading.Barrier(workers + 1)

    def work():
        ready.wait(10.0)
        for _ in range(1000):
            token = CancelToken()
            with latch.watch(token) as stopped:
                if stopped is not None:
                    return
                token.unless_canceled(lambda: begun.append(time.monotonic()))

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    ready.wait(10.0)
    latch.stop('a test')
    stopped_at.append(time.monotonic())
    for thread in threads:
        thread.join(10.0)
    assert all(at <= stopped_at[0] for at in begun)


def test_a_listener_that_hangs_holds_up_no_release_for_ever(monkeypatch, caplog):
    monkeypatch.setattr(stop_latch, 'TELL_WAIT_SEC', 0.01)
    latch, hangs, goes_on = StopLatch(), threading.Event(), threading.Event()

    def hang(stop, report):
        hangs.set()
        goes_on.wait(30.0)

    latch.listen(hang)
    stopping = threading.Thread(target=latch.stop, args=('e_stop',))
    stopping.start()
    assert hangs.wait(30.0)
    releasing = threading.Thread(target=latch.release)
    releasing.start()
    wait_for(lambda: latch.stopped is None)
    assert 'who listens to stops has not returned' in caplog.text
    goes_on.set()
    stopping.join()
    releasing.join()

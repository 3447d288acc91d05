import threading

from nemotron_agent.core.cancel_token import CancelReason, CancelToken


def test_the_first_reason_stays():
    token = CancelToken()
    token.cancel(CancelReason.TIMED_OUT)
    token.cancel(CancelReason.CANCELED)
    assert token.canceled
    assert token.reason is CancelReason.TIMED_OUT


def test_callbacks_run_once_early_or_late():
    token, told = CancelToken(), []
    token.on_cancel(lambda: told.append('early'))
    undo = token.on_cancel(lambda: told.append('undone'))
    undo()
    token.cancel()
    token.cancel()
    token.on_cancel(lambda: told.append('late'))
    assert told == ['early', 'late']


def test_wait_ends_with_a_cancel_from_another_thread():
    token = CancelToken()
    assert not token.wait(0.0)
    threading.Thread(target=token.cancel).start()
    assert token.wait(10.0)


def test_a_callback_that_fails_keeps_no_other_from_being_called(caplog):
    token, told = CancelToken(), []
    token.on_cancel(lambda: 1 / 0)
    token.on_cancel(lambda: told.append('told'))
    token.cancel()
    assert told == ['told']
    assert 'what a cancel calls for failed' in caplog.text


def test_nothing_is_begun_after_a_cancel():
    token = CancelToken()
    assert token.unless_canceled(lambda: 'begun') == 'begun'
    token.cancel()
    assert token.unless_canceled(lambda: 'begun') is None


def test_a_cancel_finds_what_was_begun_before_it():
    token, told = CancelToken(), []
    canceling = threading.Event()

    def cancel():
        canceling.set()
        token.cancel()

    def begin():
        thread.start()
        assert canceling.wait(10.0)
        return token.on_cancel(lambda: told.append('ended'))

    thread = threading.Thread(target=cancel)
    assert token.unless_canceled(begin) is not None
    thread.join(10.0)
    assert told == ['ended']

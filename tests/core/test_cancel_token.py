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

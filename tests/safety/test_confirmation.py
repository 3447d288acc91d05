import hashlib
import json
import threading

import pytest

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.gate import CallRequest
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import RequestState
from nemotron_agent.safety.confirmation import ConfirmationError, Confirmations
from nemotron_agent.testing.condition import wait_for

ID = '3f2a91c07d5e4b6f8a9b0c1d2e3f4a5b'
SAID = (
    'operator asks for drive with direction forward, distance_m 2.0 m; over 1 m (request 3f2a91c0)'
)


def request(request_id=ID, **arguments):
    call = ToolCall('1', 'drive', arguments or {'direction': 'forward', 'distance_m': 2.0})
    return CallRequest(request_id, call, 'operator', units={'distance_m': 'm'})


class Asked:
    """A request that is asked for in a thread, and what was told of it."""

    def __init__(self, confirmations, asked=None):
        self.request = asked or request()
        self.cancel = CancelToken()
        self.told = []
        self._confirmations = confirmations
        self._answers = []
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self):
        self._answers.append(
            self._confirmations.ask(
                self.request, 'over 1 m', self.cancel, lambda *state: self.told.append(state)
            )
        )

    def waits(self):
        wait_for(lambda: self.told)
        return self

    def answer(self):
        self._thread.join(timeout=10)
        return self._answers[0]


def test_a_request_is_told_of_and_confirmed():
    noted = []
    confirmations = Confirmations(30, on_answer=lambda *end: noted.append(end))
    asked = Asked(confirmations).waits()
    published, state, text = asked.told[0]
    assert (state, text) == (RequestState.CONFIRM, SAID)
    assert published.expires_in_sec == 30
    assert confirmations.waiting == (published,)
    confirmations.answer(ID, True, 'alice', published.arguments_hash)
    answer = asked.answer()
    assert (answer.approved, answer.text) == (True, 'alice confirmed it')
    assert answer.arguments == {'direction': 'forward', 'distance_m': 2.0}
    assert noted == [(published, answer)]
    assert confirmations.waiting == ()


def test_the_hash_is_of_skill_and_arguments_in_one_order():
    text = '{"arguments":{"direction":"forward","distance_m":2.0},"skill":"drive"}'
    assert request().arguments_hash == hashlib.sha256(text.encode()).hexdigest()
    turned = request(distance_m=2.0, direction='forward')
    assert turned.arguments_hash == request().arguments_hash
    assert request(distance_m=2.5).arguments_hash != request().arguments_hash


def test_what_runs_is_what_was_confirmed_even_if_somebody_changes_the_arguments():
    arguments = {'distance_m': 0.1}
    confirmations = Confirmations()
    asked = Asked(confirmations, request(**arguments)).waits()
    asked.request.call.arguments['distance_m'] = 5.0
    confirmations.answer(ID, True, 'alice')
    assert asked.answer().arguments == {'distance_m': 0.1}


def test_a_denial():
    confirmations = Confirmations()
    asked = Asked(confirmations).waits()
    confirmations.answer(ID, False, 'alice')
    answer = asked.answer()
    assert (answer.approved, answer.text) == (False, 'alice denied it')
    with pytest.raises(ConfirmationError, match='waits no more: alice denied it'):
        confirmations.answer(ID, True, 'bob')


def test_a_request_expires():
    asked = Asked(Confirmations(0.05))
    answer = asked.answer()
    assert (answer.approved, answer.text) == (False, 'nobody confirmed it in 0.05 s')


def test_an_answer_after_the_expiry_is_refused():
    confirmations = Confirmations(0.05)
    Asked(confirmations).answer()
    with pytest.raises(ConfirmationError, match='nobody confirmed it in 0.05 s'):
        confirmations.answer(ID, True, 'alice')


def test_a_cancel_ends_the_waiting():
    confirmations = Confirmations()
    asked = Asked(confirmations).waits()
    asked.cancel.cancel()
    answer = asked.answer()
    assert (answer.approved, answer.text) == (
        False,
        'it was canceled while it waited for a confirmation',
    )
    with pytest.raises(ConfirmationError, match='waits no more'):
        confirmations.answer(ID, True, 'alice')


@pytest.mark.parametrize(
    ('answer', 'told'),
    [
        (('0' * 32, True, 'alice'), f"no request '{'0' * 32}' waits"),
        ((ID[:8], True, 'alice'), f"no request '{ID[:8]}' waits"),
        ((ID, True, ' '), 'say in operator_id who decides'),
        ((ID, True, 'alice', 'ab' * 32), 'is for other arguments'),
        ((ID, False, 'alice', 'ab' * 32), 'is for other arguments'),
    ],
)
def test_answers_that_are_not_taken(answer, told):
    confirmations = Confirmations()
    asked = Asked(confirmations).waits()
    with pytest.raises(ConfirmationError, match=told):
        confirmations.answer(*answer)
    assert len(confirmations.waiting) == 1
    asked.cancel.cancel()
    asked.answer()


def test_a_request_is_answered_once():
    """Whoever comes second is refused, whether or not the first answer was acted on."""
    confirmations = Confirmations()
    asked = Asked(confirmations).waits()
    results = []

    def confirm(name):
        try:
            confirmations.answer(ID, True, name)
        except ConfirmationError as error:
            results.append(str(error))
        else:
            results.append(name)

    threads = [threading.Thread(target=confirm, args=(f'o{i}',)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    taken = [result for result in results if result.startswith('o')]
    assert len(taken) == 1
    assert asked.answer().operator_id == taken[0]
    assert all('confirmed it' in result for result in results if result not in taken)


def test_who_asks_may_be_kept_from_confirming():
    confirmations = Confirmations(by_another=True)
    asked = Asked(confirmations).waits()
    with pytest.raises(ConfirmationError, match='somebody else must confirm it'):
        confirmations.answer(ID, True, 'operator')
    confirmations.answer(ID, False, 'operator')
    assert asked.answer().text == 'operator denied it'


def test_only_so_many_wait():
    confirmations = Confirmations(max_waiting=1)
    first = Asked(confirmations).waits()
    second = Asked(confirmations, request('2'))
    assert second.answer().text == '1 requests wait for a confirmation already'
    first.cancel.cancel()
    first.answer()


def test_arguments_that_json_lacks_cannot_be_confirmed():
    answer = Asked(Confirmations(), request(distance_m=float('nan'))).answer()
    assert (answer.approved, answer.text) == (
        False,
        'its arguments are no JSON, so that nobody can confirm them',
    )
    assert request(distance_m=float('inf')).arguments_hash == ''


def test_json_values_survive_confirmation():
    arguments = {'text': 'Grüße \u2028 "x"', 'n': 3, 'd': 0.1, 'on': True, 'list': [1.5, 2.0]}
    confirmations = Confirmations()
    asked = Asked(confirmations, request(**arguments)).waits()
    confirmations.answer(ID, True, 'alice')
    assert json.dumps(dict(asked.answer().arguments)) == json.dumps(
        json.loads(json.dumps(arguments, sort_keys=True))
    )

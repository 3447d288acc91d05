import itertools
import random
import threading

import pytest

from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.gate import CallRequest, ignore_request
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import RequestState
from nemotron_agent.safety.resource_locks import ReleaseError, ResourceLocks
from nemotron_agent.safety.resource_policy import ResourcePolicy, ResourceRules
from nemotron_agent.testing.condition import wait_for

ids = itertools.count()
SHORT = ResourcePolicy(default=ResourceRules(wait_sec=0.05))


def request(name, *resources, priority=0):
    call = ToolCall('1', name, {})
    return CallRequest(str(next(ids)), call, 'operator', priority=priority, resources=resources)


def rules(**given):
    return ResourcePolicy(default=ResourceRules(**given))


class Taker:
    """Takes resources in a thread of its own, as a task does."""

    def __init__(self, locks, asked):
        self.request = asked
        self.cancel = CancelToken()
        self.told = []
        self._locks = locks
        self._refusals = []
        self._thread = threading.Thread(target=self._take)
        self._thread.start()

    def _take(self):
        self._refusals.append(
            self._locks.take(self.request, self.cancel, lambda *state: self.told.append(state[1:]))
        )

    @property
    def is_done(self):
        return bool(self._refusals)

    def waits(self):
        wait_for(lambda: self.told)
        return self

    def refusal(self):
        self._thread.join(timeout=10)
        return self._refusals[0]


def take(locks, asked, cancel=None):
    return locks.take(asked, cancel or CancelToken(), ignore_request)


def test_who_shares_nothing_does_not_wait():
    locks = ResourceLocks()
    assert take(locks, request('drive', 'base')) is None
    assert take(locks, request('grasp', 'gripper')) is None
    assert take(locks, request('look')) is None
    assert locks.in_use == {'base': 'drive', 'gripper': 'grasp'}


def test_all_or_nothing_is_taken():
    locks = ResourceLocks(SHORT)
    take(locks, request('drive', 'base'))
    refused = request('carry', 'gripper', 'base')
    assert take(locks, refused) == 'the base is in use by drive; try again when it is done'
    assert locks.in_use == {'base': 'drive'}
    locks.give_back(refused)
    assert locks.in_use == {'base': 'drive'}


def test_waiting_says_for_what_and_ends_when_it_is_free():
    locks = ResourceLocks()
    first = request('drive', 'base')
    take(locks, first)
    second = Taker(locks, request('turn', 'base')).waits()
    assert second.told == [
        (
            RequestState.PENDING,
            'waits: the base is in use by drive; try again when it is done',
        )
    ]
    locks.give_back(first)
    assert second.refusal() is None


def test_a_cancel_ends_the_waiting():
    locks = ResourceLocks()
    take(locks, request('drive', 'base'))
    second = Taker(locks, request('turn', 'base')).waits()
    second.cancel.cancel()
    assert second.refusal() == 'it was canceled while it waited'
    assert locks.in_use == {'base': 'drive'}


def test_a_canceled_request_takes_nothing():
    locks, cancel = ResourceLocks(), CancelToken()
    cancel.cancel()
    assert take(locks, request('drive', 'base'), cancel) == 'it was canceled while it waited'
    assert locks.in_use == {}


def test_priority_then_age_decides():
    locks = ResourceLocks(rules(higher_priority='queue', wait_sec=30))
    holder = request('drive', 'base', priority=9)
    take(locks, holder)
    names = (('old', 0), ('young', 0), ('high', 5))
    takers = {}
    for name, priority in names:
        takers[name] = Taker(locks, request(name, 'base', priority=priority)).waits()
    order = []
    for _ in names:
        locks.give_back(holder)
        name = wait_for(lambda: next((n for n, t in takers.items() if t.is_done), None))
        holder = takers.pop(name).request
        order.append(name)
    assert order == ['high', 'old', 'young']


def test_higher_priority_preempts_and_waits_for_the_end():
    locks = ResourceLocks()
    holder, cancel = request('drive', 'base'), CancelToken()
    take(locks, holder, cancel)
    high = Taker(locks, request('dock', 'base', priority=1))
    assert cancel.wait(10)
    assert cancel.reason is CancelReason.PREEMPTED
    assert not high.is_done
    locks.give_back(holder)
    assert high.refusal() is None


def test_equal_priority_does_not_preempt():
    locks, cancel = ResourceLocks(SHORT), CancelToken()
    take(locks, request('drive', 'base', priority=3), cancel)
    assert take(locks, request('turn', 'base', priority=3)) is not None
    assert not cancel.canceled


def test_nobody_is_preempted_where_one_in_the_way_would_not_give_way():
    locks, low = ResourceLocks(SHORT), CancelToken()
    take(locks, request('drive', 'base'), low)
    take(locks, request('grasp', 'gripper', priority=5))
    assert take(locks, request('carry', 'base', 'gripper', priority=2)) is not None
    assert not low.canceled


@pytest.mark.parametrize(
    ('given', 'priority'),
    [({'higher_priority': 'reject'}, 1), ({'same_or_lower': 'reject'}, 0)],
)
def test_a_rule_rejects_at_once(given, priority):
    locks = ResourceLocks(rules(**given, wait_sec=3600))
    take(locks, request('drive', 'base'))
    assert take(locks, request('turn', 'base', priority=priority)).startswith('the base is in use')


def test_a_resource_may_have_rules_of_its_own():
    policy = ResourcePolicy(named={'voice': ResourceRules(same_or_lower='reject')})
    locks = ResourceLocks(policy)
    take(locks, request('announce', 'voice'))
    assert take(locks, request('announce', 'voice')).startswith('the voice is in use')


def test_only_so_many_wait():
    locks = ResourceLocks(ResourcePolicy(max_waiting=1))
    take(locks, request('drive', 'base'))
    first = Taker(locks, request('turn', 'base')).waits()
    assert take(locks, request('dock', 'base')) == '1 requests wait for resources already'
    first.cancel.cancel()
    first.refusal()


def unknown_end(locks, asked):
    take(locks, asked)
    locks.observe(asked, RequestState.UNKNOWN, 'it may still be moving')
    locks.give_back(asked)


LOCKED = (
    'the base is locked: drive was told to end and the robot did not confirm it, so it may still '
    'be moving; an operator can release it'
)


def test_an_unknown_end_keeps_its_resources_locked_until_it_is_known():
    locks = ResourceLocks()
    drive = request('drive', 'base')
    unknown_end(locks, drive)
    assert [(lock.resource, lock.skill, lock.text) for lock in locks.locked] == [
        ('base', 'drive', 'it may still be moving')
    ]
    assert take(locks, request('turn', 'base', priority=9)) == LOCKED
    locks.observe(drive, RequestState.CANCELED, '')
    assert locks.locked == ()
    assert take(locks, request('turn', 'base')) is None


def test_an_end_that_is_known_before_the_run_has_left_frees_nothing_early():
    locks = ResourceLocks(SHORT)
    drive = request('drive', 'base')
    take(locks, drive)
    locks.observe(drive, RequestState.UNKNOWN, '')
    locks.observe(drive, RequestState.CANCELED, '')
    assert take(locks, request('turn', 'base')) is not None
    locks.give_back(drive)
    assert take(locks, request('turn', 'base')) is None


def test_who_waits_is_refused_when_the_end_becomes_unknown():
    locks = ResourceLocks()
    drive = request('drive', 'base')
    take(locks, drive)
    turn = Taker(locks, request('turn', 'base')).waits()
    locks.observe(drive, RequestState.UNKNOWN, '')
    assert turn.refusal() == LOCKED


def test_an_operator_releases():
    locks = ResourceLocks()
    drive = request('drive', 'base', 'arm')
    unknown_end(locks, drive)
    assert locks.release('base').skill == 'drive'
    assert take(locks, request('turn', 'base')) is None
    assert [lock.resource for lock in locks.locked] == ['arm']
    locks.observe(drive, RequestState.CANCELED, '')
    assert locks.in_use == {'base': 'turn'}


def test_what_is_not_locked_cannot_be_released():
    locks = ResourceLocks()
    with pytest.raises(ReleaseError, match='"base" is not locked; locked are: none'):
        locks.release('base')
    take(locks, request('drive', 'base'))
    with pytest.raises(ReleaseError, match='the base is in use by drive: cancel that first'):
        locks.release('base')
    assert locks.in_use == {'base': 'drive'}


@pytest.mark.parametrize('seed', range(5))
def test_threads_that_take_any_of_five_resources(seed):
    """No two share a resource, nobody waits for ever, and all is free at the end."""
    rules_of_all = rules(wait_sec=60)
    locks = ResourceLocks(rules_of_all.model_copy(update={'max_waiting': 64}))
    names = ('base', 'arm', 'gripper', 'voice', 'light')
    workers = range(12)
    users = {name: 0 for name in names}
    changed = threading.Condition()
    unfinished, holding, waiting = set(workers), set(), set()
    shared, refused = [], []

    def note_waiting(worker):
        with changed:
            waiting.add(worker)
            changed.notify_all()

    def use(worker, wanted):
        """Hold them until another worker waits, or none is left that could."""
        with changed:
            holding.add(worker)
            for name in wanted:
                users[name] += 1
            shared.extend(name for name in wanted if users[name] > 1)
            changed.notify_all()
            assert changed.wait_for(lambda: waiting or holding == unfinished, 60)
            for name in wanted:
                users[name] -= 1
            holding.remove(worker)

    def work_once(worker, chance):
        wanted = tuple(chance.sample(names, chance.randint(1, 4)))
        asked = request('x', *wanted, priority=chance.randint(0, 3))
        refusal = locks.take(asked, CancelToken(), lambda *state: note_waiting(worker))
        with changed:
            waiting.discard(worker)
        if refusal is not None:
            refused.append(refusal)
            return
        use(worker, wanted)
        if chance.random() < 0.2:
            locks.observe(asked, RequestState.UNKNOWN, '')
            locks.give_back(asked)
            locks.observe(asked, RequestState.CANCELED, '')
        else:
            locks.give_back(asked)

    def work(worker):
        chance = random.Random(seed * 100 + worker)
        for _ in range(30):
            work_once(worker, chance)
        with changed:
            unfinished.remove(worker)
            changed.notify_all()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive(), 'a deadlock'
    assert unfinished == set()
    assert shared == []
    assert all('is locked' in refusal for refusal in refused)
    assert locks.in_use == {}

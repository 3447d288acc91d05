import threading

from nemotron_agent.core.gate import Verdict
from nemotron_agent.testing.condition import wait_for

from .policy_under_test import decide, make_policy

GO = {'place': 'dock'}


def test_calls_over_the_rate_are_denied_for_each_skill_and_road_apart():
    policy = make_policy('rates: [{rule: seldom, times: 2, per_sec: 3600}]\n')
    for _ in range(2):
        assert decide(policy, 'go_to', **GO)[0] is Verdict.ALLOW
    verdict, rule, reason = decide(policy, 'go_to', **GO)
    assert (verdict, rule) == (Verdict.DENY, 'seldom')
    assert reason.startswith('go_to was called 2 times in 3600 s; wait 3')
    assert decide(policy, 'grasp')[0] is Verdict.ALLOW
    assert decide(policy, 'go_to', 'topic:speech', **GO)[0] is Verdict.ALLOW


def test_a_new_name_does_not_begin_a_new_count():
    rates = 'rates: [{rule: once, times: 1, per_sec: 3600}]\n'
    policy = make_policy(rates)
    assert decide(policy, 'go_to', 'action:a', **GO)[0] is Verdict.ALLOW
    assert decide(policy, 'go_to', 'action:b', **GO)[0] is Verdict.DENY
    trusting = make_policy(rates + 'trusted_names_on: [action]\n')
    assert decide(trusting, 'go_to', 'action:a', **GO)[0] is Verdict.ALLOW
    assert decide(trusting, 'go_to', 'action:b', **GO)[0] is Verdict.ALLOW


def test_what_is_denied_does_not_count():
    policy = make_policy(
        """
        rates: [{rule: once, times: 1, per_sec: 3600}]
        bounds: [{rule: short, argument: distance, maximum: 1}]
        """
    )
    assert decide(policy, 'drive', distance=5.0)[1] == 'short'
    assert decide(policy, 'drive', distance=1.0)[0] is Verdict.ALLOW
    assert decide(policy, 'drive', distance=1.0)[1] == 'once'


def test_the_window_slides():
    policy = make_policy('rates: [{rule: often, times: 1, per_sec: 0.05}]\n')
    assert decide(policy, 'grasp')[0] is Verdict.ALLOW
    assert wait_for(lambda: decide(policy, 'grasp')[0] is Verdict.ALLOW)


def test_threads_share_the_count():
    policy = make_policy('rates: [{rule: some, times: 50, per_sec: 3600}]\n')
    verdicts = []

    def ask():
        for _ in range(20):
            verdicts.append(decide(policy, 'grasp')[0])

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts.count(Verdict.ALLOW) == 50

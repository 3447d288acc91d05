import subprocess
import sys
import threading

import pytest
from std_msgs.msg import String

from nemotron_agent.testing.ros_domain import DOMAIN_IDS, RosDomain, wait_for

pytestmark = pytest.mark.ros


def test_two_domains_do_not_hear_each_other():
    one, other = RosDomain(), RosDomain()
    try:
        assert one.domain_id != other.domain_id
        heard = {one: [], other: []}
        for domain in (one, other):
            domain.make_node('ear').create_subscription(String, 'x', heard[domain].append, 10)
        publisher = one.make_node('mouth').create_publisher(String, 'x', 10)
        wait_for(publisher.get_subscription_count)
        publisher.publish(String(data='hello'))
        wait_for(lambda: heard[one])
        assert heard[other] == []
    finally:
        one.close()
        other.close()
        other.close()


def test_another_process_takes_another_domain():
    domain = RosDomain()
    code = (
        'from nemotron_agent.testing import domain_claim, own_ros_domain as r\n'
        'import itertools\n'
        f'domain_claim._turns = itertools.count({domain.domain_id - DOMAIN_IDS[0]})\n'
        'domain = r.RosDomain(); print(domain.domain_id); domain.close()\n'
    )
    ended = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    domain.close()
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) != domain.domain_id


def test_nothing_is_left_running():
    domain = RosDomain()
    domain.make_node('node')
    domain.close()
    assert not domain.context.ok()
    assert 'executor' not in {thread.name for thread in threading.enumerate()}


def test_waiting_ends():
    with pytest.raises(TimeoutError, match='nothing came of it in 0.02 s'):
        wait_for(lambda: False, timeout_sec=0.02)

"""A pytest fixture that gives each test a ROS domain of its own.

Use it in a `conftest.py`: `from nemotron_agent.testing.ros_domain import ros_domain`.
"""

from collections.abc import Iterator

import pytest

from nemotron_agent.testing.condition import wait_for
from nemotron_agent.testing.domain_claim import DOMAIN_IDS
from nemotron_agent.testing.own_ros_domain import LOCAL_ONLY, RosDomain

__all__ = ['DOMAIN_IDS', 'LOCAL_ONLY', 'RosDomain', 'ros_domain', 'wait_for']


@pytest.fixture
def ros_domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[RosDomain]:
    """Give the test a ROS domain of its own, on this machine only."""
    for name, value in LOCAL_ONLY.items():
        monkeypatch.setenv(name, value)
    domain = RosDomain()
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain.domain_id))
    yield domain
    domain.close()

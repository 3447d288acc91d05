"""A ROS domain that nobody else on this machine uses. Needs no pytest."""

import gc
import os
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node

from nemotron_agent.ros.spinner import Spinner
from nemotron_agent.testing.domain_claim import claim_domain

THREADS = 8
# Humble has the older variable only; later ones prefer the newer.
LOCAL_ONLY = (
    {'ROS_LOCALHOST_ONLY': '1'}
    if os.environ.get('ROS_DISTRO') == 'humble'
    else {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
)


class RosDomain:
    """A domain id nobody else on this machine uses now, a context in it, a spinning executor.

    One thread, `executor`, spins; the executor's own threads run the callbacks.

    Attributes:
        domain_id: the id, taken until `close`.
        context: rclpy context in the domain.
        executor: spins all nodes added to it.
        environment: environment variables for a process that is to be in the domain.
    """

    def __init__(self) -> None:
        self.domain_id, self._claim = claim_domain()
        self.environment = {
            **os.environ,
            'ROS_DOMAIN_ID': str(self.domain_id),
            **LOCAL_ONLY,
        }
        self.context = Context()
        rclpy.init(args=[], context=self.context, domain_id=self.domain_id)
        self.executor = MultiThreadedExecutor(num_threads=THREADS, context=self.context)
        self._nodes: list[Any] = []
        self._spinner = Spinner(self.executor)

    def make_node(self, name: str, **kwargs: Any) -> Node:
        """Make a node that is spun."""
        node = Node(name, context=self.context, **kwargs)
        self.add(node)
        return node

    def add(self, node: Any) -> None:
        """Spin a node made in `context`, and destroy it at the end."""
        self._nodes.append(node)
        self.executor.add_node(node)

    def stop_spinning(self) -> None:
        """Run no more callbacks; what is destroyed from now on is not met half-destroyed."""
        self._spinner.close(timeout_sec=5.0)

    def close(self) -> None:
        """Destroy everything and give the domain back; may be called twice."""
        self.stop_spinning()
        for node in self._nodes:
            node.destroy_node()
        self._nodes.clear()
        self.context.try_shutdown()
        gc.collect()  # action servers and clients that nobody destroyed keep their node alive
        self._claim.close()

"""The stop's ROS interfaces, on a node and a thread of their own."""

import functools
import time
from collections.abc import Callable
from typing import Any

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import Bool, Empty, String
from std_srvs.srv import Trigger

from nemotron_agent.ros.spinner import Spinner
from nemotron_agent.ros.zero_velocity import ZeroVelocity
from nemotron_agent.safety.heartbeat_watch import HeartbeatWatch
from nemotron_agent.safety.stop_latch import Stop, StopLatch, StopReport
from nemotron_agent.safety.stop_words import StopWords

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
# rclpy warns of every publisher that one subscription does not hear; another one does.
QUIET = SubscriptionEventCallbacks(use_default_callbacks=False)
# A subscription hears only publishers that offer as much; a stop is to be heard from all, from
# reliable ones without loss, and where it was published before this node began.
EVERY_PUBLISHER = (BEST_EFFORT, RELIABLE, LATCHED)
PARTIAL = 'speech_partial'
SPOKEN = {'command': (RELIABLE,), 'speech': (RELIABLE,), PARTIAL: (BEST_EFFORT, RELIABLE)}


class StopServer:
    """Takes stops while the agent's own executor is busy, and tells whether one holds.

    The interfaces have the names that they would have on the agent's node, with its namespace and
    remaps, but belong to a node `NAME_stop`, which a thread of their own spins. They are there in
    every state of the lifecycle.

    Args:
        agent: node whose stop it is.
        latch: what is set and released.

    Attributes:
        words: those that stop; None until they are known.
    """

    def __init__(self, agent: Any, latch: StopLatch) -> None:
        self.words: StopWords | None = None
        self._agent = agent
        self._latch = latch
        self._velocity: ZeroVelocity | None = None
        self._heartbeat: HeartbeatWatch | None = None
        self._expects_operator = False
        # Without the process's arguments: a remap of the node's name is not meant for this one.
        self._node = Node(
            f'{agent.get_name()}_stop',
            namespace=agent.get_namespace(),
            context=agent.context,
            use_global_arguments=False,
            start_parameter_services=False,
            enable_rosout=False,
        )
        topic = agent.resolve_topic_name
        self._state = self._node.create_publisher(Bool, topic('stop_state'), LATCHED)
        for name, callback in (('stop', self._on_stop), ('release_stop', self._on_release)):
            self._node.create_service(Trigger, agent.resolve_service_name(f'~/{name}'), callback)
        self._hear(Bool, 'e_stop', self._on_e_stop)
        self._hear(Empty, 'operator_heartbeat', self._on_heartbeat, (BEST_EFFORT,))
        for name, qos in SPOKEN.items():
            self._hear(String, name, functools.partial(self._on_spoken, name), qos)
        latch.listen(self._on_change)
        self._publish_state()
        executor = SingleThreadedExecutor(context=agent.context)
        executor.add_node(self._node)
        self._spinner = Spinner(executor)

    def configure(
        self, words: StopWords, *, velocity_topic: str, stamped: bool, heartbeat_sec: float
    ) -> None:
        """Take what the parameters say.

        Args:
            words: that stop.
            velocity_topic: where to publish zero velocity at a stop; empty for nowhere.
            stamped: whether that topic takes TwistStamped.
            heartbeat_sec: longest time without the operator's heartbeat [s]; 0 for any.
        """
        self.release_configured()
        self.words = words
        if velocity_topic:
            topic = self._agent.resolve_topic_name(velocity_topic)
            self._velocity = ZeroVelocity(self._node, topic, stamped=stamped)
        if heartbeat_sec > 0.0:
            reason = f'the loss of operator_heartbeat for {heartbeat_sec:g} s'
            lose = functools.partial(self._latch.stop, reason)
            self._heartbeat = HeartbeatWatch(heartbeat_sec, lose)

    def release_configured(self) -> None:
        """Undo `configure`, but for the words; may be called twice."""
        velocity, self._velocity = self._velocity, None
        heartbeat, self._heartbeat = self._heartbeat, None
        for part in (velocity, heartbeat):
            if part is not None:
                part.close()

    def expect_operator(self, expected: bool) -> None:
        """Stop from now on when the operator's heartbeat is lost, or no more."""
        self._expects_operator = expected
        heartbeat = self._heartbeat
        if heartbeat is not None and expected:
            heartbeat.arm()
        elif heartbeat is not None:
            heartbeat.disarm()

    def destroy(self) -> None:
        """Take the interfaces down."""
        self.release_configured()
        self._spinner.close()
        self._node.destroy_node()

    def _hear(
        self,
        message_type: Any,
        name: str,
        callback: Callable[[Any], None],
        qos: tuple[QoSProfile, ...] = EVERY_PUBLISHER,
    ) -> None:
        topic = self._agent.resolve_topic_name(name)
        for profile in qos:
            self._node.create_subscription(
                message_type, topic, callback, profile, event_callbacks=QUIET
            )

    def _on_stop(self, request: Any, response: Any) -> Any:
        report = self._latch.stop('the service ~/stop', time.monotonic())
        response.success = True
        response.message = (
            f'{report.stop}; {report.calls} running calls were cancelled, '
            f'in {1e3 * report.latency_sec:.1f} ms'
        )
        return response

    def _on_release(self, request: Any, response: Any) -> Any:
        stop = self._latch.release()
        response.success = True
        response.message = f'released; it was {stop}' if stop else 'it was not stopped'
        return response

    def _on_e_stop(self, message: Bool) -> None:
        if message.data:
            self._latch.stop('the topic e_stop', time.monotonic())

    def _on_heartbeat(self, message: Empty) -> None:
        heartbeat = self._heartbeat
        if heartbeat is not None:
            heartbeat.beat()

    def _on_spoken(self, topic: str, message: String) -> None:
        arrived_at = time.monotonic()
        words = self.words
        said = words.stop_in(message.data, partial=topic == PARTIAL) if words else ''
        if said:
            self._latch.stop(f'the words "{said}" from topic:{topic}', arrived_at)

    def _on_change(self, stop: Stop | None, report: StopReport | None) -> None:
        velocity = self._velocity
        if stop is not None and velocity is not None:
            velocity.publish()
        if stop is None:
            self.expect_operator(self._expects_operator)
        self._publish_state()

    def _publish_state(self) -> None:
        self._state.publish(Bool(data=self._latch.stopped is not None))

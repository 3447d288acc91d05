"""A node from which to talk to an agent."""

import threading
from types import TracebackType
from typing import Any, TypeVar

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.ros.spinner import Spinner

REPLY_TIMEOUT_SEC = 10.0

Self = TypeVar('Self', bound='ClientNode')


class AgentUnreachableError(NemotronAgentError):
    """No agent answers under the name."""


class ClientNode:
    """A node of its own, spun by a thread of its own. Use as a context manager.

    Args:
        namespace: namespace of the agent, such as `/r1`.
        agent: name of the agent's node.

    Attributes:
        node: the node, in the agent's namespace.
        agent_name: full name of the agent's node.
    """

    def __init__(self, namespace: str = '', agent: str = 'nemotron_agent') -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node(
            'nemotron_agent_client', namespace=namespace, context=self._context
        )
        self.agent_name = f'{namespace.rstrip("/")}/{agent}'
        self._clients: dict[str, Any] = {}
        executor = SingleThreadedExecutor(context=self._context)
        executor.add_node(self.node)
        self._spinner = Spinner(executor)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spinner.close()
        self.close()
        self.node.destroy_node()
        self._context.try_shutdown()

    def close(self) -> None:
        """Destroy what was made on the node; nothing spins it any more."""

    def ask(
        self, service_type: Any, name: str, request: Any, timeout_sec: float = REPLY_TIMEOUT_SEC
    ) -> Any:
        """Call a service of the agent by its name below `~/`; None if nobody answers in time."""
        client = self._clients.get(name)
        if client is None:
            client = self.node.create_client(service_type, f'{self.agent_name}/{name}')
            self._clients[name] = client
        if not client.wait_for_service(timeout_sec):
            return None
        answered = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: answered.set())
        return future.result() if answered.wait(timeout_sec) else None

    def unreachable(self) -> AgentUnreachableError:
        """Make the error of an agent that does not answer."""
        return AgentUnreachableError(
            f'no agent answers at {self.agent_name}: start one with `nemotron-agent demo` or '
            '`ros2 launch nemotron_agent agent.launch.py`, or check the namespace and '
            'ROS_DOMAIN_ID'
        )

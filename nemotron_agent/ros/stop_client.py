"""A client of an agent's stop: small, so that it starts fast."""

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from nemotron_agent.core.errors import NemotronAgentError


class StopUnreachableError(NemotronAgentError):
    """No agent has answered."""


def call_stop_service(name: str, namespace: str, agent: str, timeout_sec: float) -> str:
    """Call `~/stop` or `~/release_stop` of an agent; return what it answers.

    Args:
        name: `stop` or `release_stop`.
        namespace: of the agent, such as `/r1`.
        agent: name of its node.
        timeout_sec: for finding it, and again for its answer [s].

    Raises:
        StopUnreachableError: it was not found, or did not answer.
    """
    context = rclpy.Context()
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = rclpy.create_node(
            'nemotron_agent_stop_client',
            namespace=namespace,
            context=context,
            start_parameter_services=False,
            enable_rosout=False,
        )
        service = node.resolve_service_name(f'{agent}/{name}')
        client = node.create_client(Trigger, service)
        if not client.wait_for_service(timeout_sec):
            raise StopUnreachableError(
                f'no agent serves {service}: check that it runs, its namespace and '
                'ROS_DOMAIN_ID, and use the emergency stop of the robot'
            )
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        future = client.call_async(Trigger.Request())
        executor.spin_until_future_complete(future, timeout_sec)
        if not future.done():
            raise StopUnreachableError(
                f'{service} did not answer in {timeout_sec:g} s: use the emergency stop '
                'of the robot'
            )
        return str(future.result().message)
    finally:
        context.try_shutdown()

"""The node: wires the parts together and carries the lifecycle."""

import contextlib
from typing import Any

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from nemotron_agent.core.cancel_token import CancelReason
from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.core.task_queue import TaskQueue
from nemotron_agent.llm.memory_pressure import takeable_bytes
from nemotron_agent.llm.model_loading import load_model
from nemotron_agent.llm.system_memory import SystemMemory
from nemotron_agent.ros.action_request_publisher import ActionRequestPublisher
from nemotron_agent.ros.assembly import ConfiguredAgent, LoadModel, assemble, config_path
from nemotron_agent.ros.command_topics import CommandTopics
from nemotron_agent.ros.diagnostics import Diagnostics
from nemotron_agent.ros.execute_task_server import ExecuteTaskServer
from nemotron_agent.ros.log_bridge import bridge_logging
from nemotron_agent.ros.memory_watch import MemoryWatch
from nemotron_agent.ros.open_requests import OpenRequests
from nemotron_agent.ros.operator_interfaces import OperatorInterfaces
from nemotron_agent.ros.parameters import AgentParameters, declare_parameters
from nemotron_agent.ros.report_service import ReportService
from nemotron_agent.ros.services import MAX_DIRECT_CALLS, AgentServices
from nemotron_agent.ros.stop_server import StopServer
from nemotron_agent.ros.task_intake import TaskIntake
from nemotron_agent.safety.resource_locks import ResourceLocks
from nemotron_agent.safety.stop_file import StopFile
from nemotron_agent.safety.stop_latch import Stop, StopLatch, StopReport
from nemotron_agent.safety.stop_words import load_stop_words

NODE_NAME = 'nemotron_agent'
END_MARGIN_SEC = 5.0
SPARE_THREADS = 4


class AgentNode(LifecycleNode):
    """The agent as a lifecycle node: configure loads, activate serves, cleanup frees.

    Its interfaces are there from the start and say what is missing while it is not active. Needs
    a multi-threaded executor with `executor_threads` threads.

    Args:
        load_model: loads the model the parameters name.
        system: where the machine's memory is read.
        options: of rclpy's node.
    """

    def __init__(
        self,
        load_model: LoadModel = load_model,
        system: SystemMemory = SystemMemory(),  # noqa: B008 (frozen)
        **options: Any,
    ) -> None:
        # rclpy destroys a node whose construction fails: this must be there before.
        self._parts: list[Any] = []
        super().__init__(NODE_NAME, **options)
        self._load_model = load_model
        self._system = system
        bridge_logging(self.get_logger())
        declare_parameters(self)
        self._configured: ConfiguredAgent | None = None
        stop_file = StopFile.of_node(self.get_fully_qualified_name())
        self._latch = StopLatch(stop_file.read())
        self._stop_server = StopServer(self, self._latch)
        self._latch.listen(self._on_stop)
        self._latch.listen(self._record_stop)
        self._latch.listen(lambda stop, report: stop_file.write(stop))
        self._intake = TaskIntake(self._latch)
        self._load_stop_words()
        self._requests = ActionRequestPublisher(self)
        # What may still move the robot stays locked when the agent is configured anew.
        self._resources = ResourceLocks()
        self._open_requests = OpenRequests()
        self._agent_services = AgentServices(self, self._intake)
        self._parts = [
            self._agent_services,
            ExecuteTaskServer(self, self._intake),
            CommandTopics(self, self._intake),
            ReportService(self, self._open_requests),
            OperatorInterfaces(self, self._agent_services, self._resources),
            Diagnostics(
                self, self._intake, self._agent_services, self._resources, self._latch, system
            ),
            self._stop_server,
        ]

    @property
    def executor_threads(self) -> int:
        """Threads that may wait at once for tasks and direct calls, and some that never do."""
        queued = self.get_parameter('queue_size').value
        running = self.get_parameter('max_parallel_tasks').value
        return queued + running + MAX_DIRECT_CALLS + SPARE_THREADS

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the skills and the model."""
        self.get_logger().info(f'loading model {self.get_parameter("model").value}')
        try:
            parameters = AgentParameters(self)
            self._configure_stop(parameters)
            # What a model before this one took is no part of this one's plan.
            self._system.forget_peak()
            bytes_before = takeable_bytes(self._system)
            configured = assemble(
                self,
                parameters,
                self._requests,
                self._resources,
                self._open_requests,
                self._latch,
                self._load_model,
            )
            self._watch_memory(configured, parameters.memory_low_mb * 10**6, bytes_before)
        except NemotronAgentError as error:
            self.get_logger().error(f'cannot be configured: {error}')
            return TransitionCallbackReturn.FAILURE
        self._intake.recorder = configured.recorder
        if self._latch.stopped is not None:
            configured.recorder.stop(self._latch.stopped, None)
        self._intake.max_command_bytes = parameters.max_command_bytes
        self._intake.default_conversation = parameters.default_conversation
        self._intake.cancel_orphans = parameters.cancel_orphans
        self._queue_options = {
            'capacity': parameters.queue_size,
            'workers': parameters.max_parallel_tasks,
            'default_timeout_sec': parameters.task_timeout_sec,
        }
        self._configured = self._agent_services.configured = configured
        self.get_logger().info(
            f'configured: {configured.model.name}, context of {configured.model.n_ctx} tokens, '
            f'{len(configured.registry.specs)} tools'
        )
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to take tasks."""
        assert self._configured is not None, 'activate follows configure'
        self._intake.queue = TaskQueue(
            self._configured.run_task, when_idle=self._configured.rest, **self._queue_options
        )
        self._stop_server.expect_operator(True)
        self.get_logger().info('active: ready for commands')
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Cancel all tasks, their goals too, and take no more."""
        self._stop_serving()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and the skills."""
        self.release()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Cancel all tasks and free everything."""
        self.release()
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything and be unconfigured again."""
        self.release()
        return TransitionCallbackReturn.SUCCESS

    def destroy_node(self) -> None:
        """Free everything, in any state."""
        if self._parts:
            self.release()
        for part in self._parts:
            part.destroy()
        super().destroy_node()

    def _on_stop(self, stop: Stop | None, report: StopReport | None) -> None:
        """End the tasks too, those that wait as well."""
        queue = self._intake.queue
        if stop is not None and queue is not None:
            queue.cancel_all(CancelReason.STOPPED)

    def _record_stop(self, stop: Stop | None, report: StopReport | None) -> None:
        recorder = self._intake.recorder
        if recorder is not None:
            recorder.stop(stop, report)

    def _load_stop_words(self) -> None:
        """Listen for stop words before the first configure, which says why if that fails."""
        with contextlib.suppress(NemotronAgentError):
            file = config_path(self.get_parameter('stop_words_file').value, 'stop_words.yaml')
            self._intake.stop_words = self._stop_server.words = load_stop_words(file)

    def _configure_stop(self, parameters: AgentParameters) -> None:
        words = load_stop_words(config_path(parameters.stop_words_file, 'stop_words.yaml'))
        self._intake.stop_words = words
        self._stop_server.configure(
            words,
            velocity_topic=parameters.stop_velocity_topic,
            stamped=parameters.stop_velocity_stamped,
            heartbeat_sec=parameters.operator_heartbeat_sec,
        )

    def _watch_memory(
        self, configured: ConfiguredAgent, low_bytes: int, bytes_before: int
    ) -> None:
        """Begin to watch the memory; an agent for which that cannot be is freed."""
        try:
            configured.memory_watch = MemoryWatch.begin(
                self, self._intake, configured.agent, low_bytes, self._system, bytes_before
            )
        except BaseException:
            configured.close()
            raise

    def _stop_serving(self) -> None:
        self._stop_server.expect_operator(False)
        queue = self._intake.end()
        self._agent_services.cancel_direct_calls()
        # A skill has this long to end; what waits for it must not give up before.
        timeout_sec = self.get_parameter('cancel_wait_sec').value + END_MARGIN_SEC
        if queue is not None and not queue.close(timeout_sec):
            self.get_logger().error(f'tasks did not end in {timeout_sec:.0f} s')

    def release(self) -> None:
        """Undo activate and configure; may be called in any state, any number of times."""
        self._stop_serving()
        configured, self._configured = self._configured, None
        self._agent_services.configured = self._intake.recorder = None
        if configured is not None:
            configured.close()

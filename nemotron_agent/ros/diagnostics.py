"""The topic /diagnostics."""

import time
from collections.abc import Mapping
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup

from nemotron_agent.llm.system_memory import SystemMemory
from nemotron_agent.ros.memory_diagnostics import memory_status
from nemotron_agent.ros.services import AgentServices
from nemotron_agent.ros.task_intake import TaskIntake
from nemotron_agent.safety.resource_locks import ResourceLocks
from nemotron_agent.safety.stop_latch import StopLatch

LOCKED = 'locked'
RESOURCE_KEY = 'resource_'


class Diagnostics:
    """Publishes the agent's state, queue, context and memory once a period."""

    def __init__(
        self,
        node: Any,
        intake: TaskIntake,
        services: AgentServices,
        resources: ResourceLocks,
        latch: StopLatch,
        system: SystemMemory,
    ) -> None:
        self._node = node
        self._intake = intake
        self._services = services
        self._resources = resources
        self._latch = latch
        self._system = system
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._timer = node.create_timer(
            node.get_parameter('diagnostics_period_sec').value,
            self.publish,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )

    def destroy(self) -> None:
        """Take the topic down."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_publisher(self._publisher)

    def publish(self) -> None:
        """Publish the state of now."""
        status = DiagnosticStatus(
            name=f'{self._node.get_fully_qualified_name().lstrip("/")}: agent',
            hardware_id=self._node.get_namespace(),
        )
        configured, queue = self._services.configured, self._intake.queue
        values: dict[str, object] = {}
        if configured is None:
            status.level = DiagnosticStatus.STALE
            status.message = 'not configured'
        else:
            status.level = DiagnosticStatus.OK
            status.message = 'inactive' if queue is None else 'active'
            conversations = configured.conversations.list()
            values |= {
                'model': configured.model.name,
                'n_ctx': configured.model.n_ctx,
                'tools': len(configured.registry.specs),
                'conversations': len(conversations),
                'context_tokens': conversations[-1].tokens if conversations else 0,
                'compactions': configured.agent.window.compactions,
                'last_compaction': configured.agent.window.last_compaction,
                'shortened_results': configured.agent.window.shortened_results,
            }
            archive = configured.conversations.archive
            if archive is None:
                values['conversations_on_disk'] = 'off'
            else:
                kept = archive.status
                values['conversations_on_disk'] = kept.problem or f'{kept.size_bytes / 1e6:.1f} MB'
                values['turns_not_on_disk'] = kept.unsaved_turns
                if kept.problem:
                    status.level = DiagnosticStatus.WARN
                    status.message += ', conversations are not kept on disk'
            problem = configured.recorder.log.problem
            values['record'] = problem or str(configured.recorder.log.folder)
            if problem:
                status.level = DiagnosticStatus.WARN
                status.message += ', the record cannot be written'
        if queue is not None:
            values |= {'tasks_running': queue.running, 'tasks_waiting': queue.waiting}
        values |= self._use_of_resources()
        if configured is not None:
            values['confirmations_waiting'] = len(configured.gate.confirmations.waiting)
        locked = [f'the {lock.resource} by {lock.skill}' for lock in self._resources.locked]
        if locked:
            status.level = DiagnosticStatus.WARN
            status.message += f'; locked, as the robot may still be moving: {", ".join(locked)}'
        values['stop'] = str(self._latch.stopped or 'released')
        if self._latch.stopped is not None:
            status.level = DiagnosticStatus.WARN
            status.message += f'; {self._latch.stopped}'
        if self._latch.last_report is not None:
            values['stop_latency_ms'] = f'{1e3 * self._latch.last_report.latency_sec:.3f}'
        status.values = _key_values(values)
        array = DiagnosticArray(status=[status, self._memory()])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)

    def _memory(self) -> DiagnosticStatus:
        configured = self._services.configured
        level, message, values = memory_status(
            self._system,
            configured.model if configured else None,
            configured.memory_watch if configured else None,
        )
        return DiagnosticStatus(
            name=f'{self._node.get_fully_qualified_name().lstrip("/")}: memory',
            hardware_id=self._node.get_namespace(),
            level=level,
            message=message,
            values=_key_values(values),
        )

    def _use_of_resources(self) -> dict[str, str]:
        """Say of each resource in use by which skill, or since when it is locked."""
        now = time.monotonic()
        in_use = {
            f'{RESOURCE_KEY}{resource}': f'in use by {skill}'
            for resource, skill in self._resources.in_use.items()
        }
        locked = {
            f'{RESOURCE_KEY}{lock.resource}': (
                f'{LOCKED} for {now - lock.locked_at:.0f} s by {lock.skill}: {lock.text}'
            )
            for lock in self._resources.locked
        }
        return in_use | locked


def _key_values(values: Mapping[str, object]) -> list[KeyValue]:
    return [KeyValue(key=key, value=str(value)) for key, value in values.items()]

"""The gate every call passes, as the registry sees it; `safety` holds the real one."""

import contextlib
import dataclasses
import enum
from collections.abc import Mapping
from typing import Any, Protocol

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.messages import ToolCall


class Verdict(enum.Enum):
    """What the gate says; the values match the constants of `ToolCallRecord`."""

    NONE = 0
    ALLOW = 1
    CLAMP = 2
    CONFIRM = 3
    DENY = 4


@dataclasses.dataclass(frozen=True)
class CallRequest:
    """A call whose arguments fit its schema, on its way to the robot.

    Attributes:
        origin: who asks, such as `action`, `topic:command`, `service`.
        resources: what the tool needs for itself while it runs.
        datatype: ROS type behind the tool.
        interface_path: resolved name of its action, service or topic.
        task_id: the task it is part of; empty for a direct call.
        goal_id: of the ROS goal, in hexadecimal digits, once one is sent.
    """

    request_id: str
    call: ToolCall
    origin: str
    conversation_id: str = ''
    priority: int = 0
    resources: tuple[str, ...] = ()
    datatype: str = ''
    interface_path: str = ''
    task_id: str = ''
    goal_id: str = ''


@dataclasses.dataclass(frozen=True)
class Decision:
    """A verdict, why, and the arguments to run with.

    Attributes:
        reason: for the model and the operator; empty where nothing needs saying.
        rule: name of the rule that decided, as the policy or the gate's step names it.
    """

    verdict: Verdict
    reason: str
    arguments: Mapping[str, Any]
    rule: str = ''


class Gate(Protocol):
    """Decides on requests. Where it cannot decide, it denies."""

    def admit(
        self, request: CallRequest, cancel: CancelToken
    ) -> contextlib.AbstractContextManager[Decision]:
        """Decide; what an allowed request holds is given back when the context ends.

        It may wait, for an operator or for a resource; a cancel ends that, and the run.
        """

"""The gate every call passes, as the registry sees it; `safety` holds the real one."""

import contextlib
import dataclasses
import enum
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import RequestState


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
        reads: it only reads what the robot says, and moves nothing.
        datatype: ROS type behind the tool.
        interface_path: resolved name of its action, service or topic.
        task_id: the task it is part of; empty for a direct call.
        goal_id: of the ROS goal, in hexadecimal digits, once one is sent.
        units: of the arguments that have one, such as `m`, by name.
        expires_in_sec: in the state CONFIRM, after what time it is denied by itself [s].
    """

    request_id: str
    call: ToolCall
    origin: str
    conversation_id: str = ''
    priority: int = 0
    resources: tuple[str, ...] = ()
    reads: bool = False
    datatype: str = ''
    interface_path: str = ''
    task_id: str = ''
    goal_id: str = ''
    units: Mapping[str, str] = dataclasses.field(default_factory=dict)
    expires_in_sec: float = 0.0

    @property
    def canonical_json(self) -> str:
        """Skill and arguments as the one JSON text there is for them.

        Raises:
            ValueError: an argument is a number that JSON lacks, or no JSON value.
        """
        whole = {'skill': self.call.name, 'arguments': dict(self.call.arguments)}
        return json.dumps(whole, sort_keys=True, separators=(',', ':'), allow_nan=False)

    @property
    def arguments_hash(self) -> str:
        """SHA-256 of `canonical_json`, hex; empty where there is none."""
        try:
            return hashlib.sha256(self.canonical_json.encode()).hexdigest()
        except (TypeError, ValueError):
            return ''

    def with_arguments(self, arguments: Mapping[str, Any]) -> 'CallRequest':
        """The same request for other arguments."""
        return dataclasses.replace(self, call=dataclasses.replace(self.call, arguments=arguments))


class RequestObserver(Protocol):
    """Told of each state a request to the robot goes through; returns at once."""

    def __call__(self, request: CallRequest, state: RequestState, text: str) -> None:
        """Take a change of state; `text` is for people."""


def ignore_request(request: CallRequest, state: RequestState, text: str) -> None:
    """Observe nothing."""


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
        self,
        request: CallRequest,
        cancel: CancelToken,
        observer: RequestObserver = ignore_request,
    ) -> contextlib.AbstractContextManager[Decision]:
        """Decide; what an allowed request holds is given back when the context ends.

        It may wait, for an operator or for a resource, and tells `observer` so; a cancel ends
        that with the verdict NONE.
        """

    def observe(self, request: CallRequest, state: RequestState, text: str) -> None:
        """Take each state of a request it admitted, as a `RequestObserver`.

        What a request holds stays locked from the state UNKNOWN to the next one.
        """

"""Keeps the facts that a policy asks of up to date, from topics."""

import functools
import math
from collections.abc import Mapping
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosidl_parser.definition import NamespacedType

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.perception.fact_store import FactStore
from nemotron_agent.ros.interface_types import InterfaceTypeError, load_interface
from nemotron_agent.ros.message_conversion import fields_of, message_to_dict, type_text
from nemotron_agent.safety.policy_file import FactTopic

# As sensors publish: best effort hears reliable publishers too.
QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


class FactSubscriptions:
    """Subscribes to the topic of each fact and puts what comes into a store.

    Args:
        node: subscribes.
        topics: by name of the fact.
        store: takes the facts; their age counts from the message's stamp where it has one.

    Raises:
        ConfigurationError: a type is not installed or has no such field.
    """

    def __init__(self, node: Any, topics: Mapping[str, FactTopic], store: FactStore) -> None:
        self._node = node
        self._store = store
        self._subscriptions: list[Any] = []
        group = ReentrantCallbackGroup()
        types = {name: _type_of(name, topic) for name, topic in topics.items()}
        for name, topic in topics.items():
            callback = functools.partial(self._take, name, topic)
            self._subscriptions.append(
                node.create_subscription(
                    types[name], topic.topic, callback, QOS, callback_group=group
                )
            )

    def close(self) -> None:
        """Destroy the subscriptions; may be called twice."""
        subscriptions, self._subscriptions = self._subscriptions, []
        for subscription in subscriptions:
            self._node.destroy_subscription(subscription)

    def _take(self, name: str, topic: FactTopic, message: Any) -> None:
        value = functools.reduce(getattr, topic.field.split('.'), message)
        if isinstance(value, float) and not math.isfinite(value):
            value = None
        elif hasattr(value, 'get_fields_and_field_types'):
            value = message_to_dict(value)
        header = getattr(message, 'header', None)
        frame = topic.frame or getattr(header, 'frame_id', '')
        self._store.put(name, value, age_sec=self._age_sec(header), frame=frame)

    def _age_sec(self, header: Any) -> float:
        stamp = getattr(header, 'stamp', None)
        if stamp is None or (stamp.sec, stamp.nanosec) == (0, 0):
            return 0.0
        now = self._node.get_clock().now().nanoseconds
        return float(max(0, now - stamp.sec * 10**9 - stamp.nanosec)) * 1e-9


def _type_of(name: str, topic: FactTopic) -> Any:
    try:
        message_type = load_interface(topic.type)
    except InterfaceTypeError as error:
        raise ConfigurationError(f'policy: fact "{name}": {error}') from error
    found = message_type
    for step in topic.field.split('.'):
        fields = fields_of(found) if found is not None else {}
        if step not in fields:
            known = ', '.join(fields) or 'none'
            raise ConfigurationError(
                f'policy: fact "{name}": {topic.type} has no field {topic.field} ("{step}" is '
                f'none of its fields: {known}): correct "field"'
            )
        slot_type = fields[step]
        is_message = isinstance(slot_type, NamespacedType)
        found = load_interface(type_text(slot_type)) if is_message else None
    return message_type

"""Who uses which part of the robot."""

import threading
from collections.abc import Iterable


class ResourceLocks:
    """Holders of named resources, such as `base` or `gripper`. Thread-safe; it never waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders: dict[str, str] = {}

    def take(self, resources: Iterable[str], holder: str) -> tuple[str, str] | None:
        """Take all or none; return the first one in the way and its holder, or None if taken."""
        wanted = tuple(resources)
        with self._lock:
            for resource in wanted:
                if resource in self._holders:
                    return resource, self._holders[resource]
            self._holders.update(dict.fromkeys(wanted, holder))
            return None

    def give_back(self, resources: Iterable[str]) -> None:
        """Give back what `take` took."""
        with self._lock:
            for resource in resources:
                self._holders.pop(resource, None)

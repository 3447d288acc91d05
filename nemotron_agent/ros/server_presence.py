"""Whether the server a goal was sent to is still there."""

import time

from nemotron_agent.ros.goal_client import GoalClient
from nemotron_agent.ros.waiting import POLL_SEC


class ServerPresence:
    """Tells since when the server that took the goal is gone."""

    def __init__(self, client: GoalClient) -> None:
        self._client = client
        self._ids = client.server_ids
        self._last_seen = self._last_looked = time.monotonic()

    @property
    def ids(self) -> frozenset[bytes]:
        """Ids of the servers that may have taken the goal."""
        return self._ids

    def missing_sec(self, now: float) -> float:
        """Time since the server was last seen [s]; looks at the graph every now and then."""
        if now - self._last_looked >= POLL_SEC:
            self._last_looked = now
            if self._is_there():
                self._last_seen = now
        return now - self._last_seen

    def _is_there(self) -> bool:
        if not self._client.server_is_ready:
            return False
        ids = self._client.server_ids
        self._ids = self._ids or ids
        # Another id is another server: one that restarted, and knows nothing of the goal.
        return not ids or bool(ids & self._ids)

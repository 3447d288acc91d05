"""Feedback of a goal, in words and as a number."""

import time
from collections.abc import Callable
from typing import Any

from nemotron_agent.core.tool import SkillFeedback
from nemotron_agent.ros.message_conversion import message_to_dict
from nemotron_agent.skills.result_text import summary, value_at

PERIOD_SEC = 0.5
MAX_ITEMS = 3
MAX_CHARACTERS = 100

# Feedback fields of Nav2's actions: their goal's field that says how far it is, unit, words.
TRAVELED = {
    'distance_traveled': ('target.x', 'm', 'covered'),
    'angular_distance_traveled': ('target_yaw', 'rad', 'turned'),
}


class GoalProgress:
    """Passes the newest feedback on, a few times a second at most.

    Args:
        goal_message: the goal, which says how far there is to go.
        on_feedback: takes it.
    """

    def __init__(self, goal_message: Any, on_feedback: Callable[[SkillFeedback], None]) -> None:
        self._goal = message_to_dict(goal_message, MAX_ITEMS, MAX_CHARACTERS)
        self._on_feedback = on_feedback
        self._reported: Any = None
        self._reported_at = 0.0
        self._longest_m = 0.0

    def report(self, feedback: Any) -> None:
        """Pass feedback on, unless it is None, was passed on, or comes too soon."""
        now = time.monotonic()
        if feedback is None or feedback is self._reported or now - self._reported_at < PERIOD_SEC:
            return
        self._reported, self._reported_at = feedback, now
        self._on_feedback(self._words(message_to_dict(feedback, MAX_ITEMS, MAX_CHARACTERS)))

    def _words(self, feedback: dict[str, Any]) -> SkillFeedback:
        remaining = feedback.get('distance_remaining')
        if isinstance(remaining, float):
            self._longest_m = max(self._longest_m, remaining)
            done = 1.0 - remaining / self._longest_m if self._longest_m > 0 else None
            return SkillFeedback(f'{remaining:.2f} m to go', done)
        for field, (target, unit, word) in TRAVELED.items():
            traveled = feedback.get(field)
            if isinstance(traveled, float):
                whole = value_at(self._goal, target)
                done = min(1.0, abs(traveled / whole)) if whole else None
                return SkillFeedback(f'{abs(traveled):.2f} {unit} {word}', done)
        return SkillFeedback(summary(feedback))

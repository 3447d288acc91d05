"""The gripper: two fingers that open and close at a constant speed, or stop at an object."""

import dataclasses
import math

from nemotron_agent.sim.movement import Movement, MovementEnd


@dataclasses.dataclass(frozen=True)
class GripperLimits:
    """What the fingers can do.

    Attributes:
        max_opening: [m].
        speed: of the opening [m/s].
        max_effort: force when squeezing [N].
    """

    max_opening: float = 0.08
    speed: float = 0.1
    max_effort: float = 20.0


class GripperMove(Movement):
    """On the way to an opening [m] with a force of at most `max_effort` [N], 0 for no limit."""

    def __init__(self, opening: float, max_effort: float = 0.0) -> None:
        super().__init__()
        self.opening = opening
        self.max_effort = max_effort

    def step(self, gripper: 'Gripper', obstacle_width: float | None, step_sec: float) -> None:
        """Move the fingers for a step; see `Gripper.step`."""
        self.elapsed_sec += step_sec
        if self._stopping is not None:
            gripper.stop()
            self.finish(self._stopping)
        elif not self.hung:
            gripper.move(self.opening, self.max_effort)
            gripper.step(step_sec, obstacle_width)
            if gripper.stalled or gripper.reached:
                self.finish(MovementEnd.SUCCEEDED)


class Gripper:
    """Fingers on their way to an opening; what is between them is the simulation's to say."""

    def __init__(self, limits: GripperLimits) -> None:
        self._limits = limits
        self._opening = limits.max_opening
        self._target = limits.max_opening
        self._max_effort = limits.max_effort
        self._stalled = False

    @property
    def opening(self) -> float:
        """Distance between the fingers [m]."""
        return self._opening

    @property
    def stalled(self) -> bool:
        """Whether the fingers stopped against an object on their way."""
        return self._stalled

    @property
    def reached(self) -> bool:
        """Whether the wanted opening is reached."""
        return not self._stalled and self._opening == self._target

    @property
    def effort(self) -> float:
        """Force applied [N]; only squeezing takes any."""
        return self._max_effort if self._stalled else 0.0

    def problem(self, opening: float, max_effort: float) -> str | None:
        """Return what is wrong with a command, or None; the bounds are the fingers' own."""
        if not (math.isfinite(opening) and 0.0 <= opening <= self._limits.max_opening):
            return (
                f'opening {opening} m is out of range: 0 (closed) to '
                f'{self._limits.max_opening} (open)'
            )
        if not (math.isfinite(max_effort) and max_effort >= 0.0):
            return f'max_effort {max_effort} N is out of range: 0 (no limit) or more'
        return None

    def move(self, opening: float, max_effort: float = 0.0) -> None:
        """Set out for an opening [m] with a force of at most `max_effort` [N], 0 for no limit."""
        self._target = opening
        most = self._limits.max_effort
        self._max_effort = min(max_effort, most) if max_effort > 0.0 else most

    def hold(self, width: float) -> None:
        """Have closed on something so wide [m]."""
        self._target = 0.0
        self._opening = width
        self._max_effort = self._limits.max_effort
        self._stalled = True

    def step(self, step_sec: float, obstacle_width: float | None) -> None:
        """Move for a step; fingers that close stop at `obstacle_width` [m], if there is any."""
        way = self._limits.speed * step_sec
        opening = self._opening + max(-way, min(way, self._target - self._opening))
        if abs(self._target - opening) < 1e-9:
            opening = self._target
        self._stalled = obstacle_width is not None and self._target < obstacle_width >= opening
        self._opening = obstacle_width if self._stalled and obstacle_width else opening

    def stop(self) -> None:
        """Stay at the present opening; what is held stays held."""
        if not self._stalled:
            self._target = self._opening

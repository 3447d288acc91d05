"""The battery: drained by time, way and turns, charged at the dock."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class BatteryRates:
    """How fast it empties and fills, as parts of a full charge.

    Attributes:
        per_sec: drained each second [1/s].
        per_meter: drained each metre driven [1/m].
        per_rad: drained each radian turned [1/rad].
        charge_per_sec: gained each second at the dock [1/s].
    """

    per_sec: float = 0.00002
    per_meter: float = 0.002
    per_rad: float = 0.0005
    charge_per_sec: float = 0.01


class Battery:
    """Charge from 0 (empty) to 1 (full)."""

    EMPTY_VOLTAGE = 21.0
    FULL_VOLTAGE = 25.2

    def __init__(self, level: float, rates: BatteryRates) -> None:
        self._level = level
        self._rates = rates
        self._charging = False

    @property
    def level(self) -> float:
        """Charge, 0 to 1."""
        return self._level

    @property
    def empty(self) -> bool:
        """Whether nothing is left to move with."""
        return self._level <= 0.0

    @property
    def charging(self) -> bool:
        """Whether it stands at the dock."""
        return self._charging

    @property
    def voltage(self) -> float:
        """Terminal voltage [V], linear in the charge."""
        return self.EMPTY_VOLTAGE + self._level * (self.FULL_VOLTAGE - self.EMPTY_VOLTAGE)

    def step(self, step_sec: float, distance: float, angle: float, docked: bool) -> None:
        """Account for a step with `distance` [m] driven and `angle` [rad] turned."""
        rates = self._rates
        drained = (
            rates.per_sec * step_sec + rates.per_meter * distance + rates.per_rad * abs(angle)
        )
        gained = rates.charge_per_sec * step_sec if docked else 0.0
        self._level = max(0.0, min(1.0, self._level + gained - drained))
        self._charging = docked

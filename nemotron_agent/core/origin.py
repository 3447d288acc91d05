"""Who asks for a call: the road it came by, and the name its sender gives itself."""

import dataclasses

# Roads whose messages carry a name; ROS does not say who sent them, so it is only a claim.
ROADS_WITH_NAMES = ('action', 'service')
ROADS = (*ROADS_WITH_NAMES, 'topic:command', 'topic:speech')


@dataclasses.dataclass(frozen=True)
class Origin:
    """An origin, written `road` or `road:name`.

    Attributes:
        road: `action`, `service`, `topic:command`, ...; the node knows it.
        name: what the sender calls itself; empty where it does not.
    """

    road: str
    name: str = ''

    @classmethod
    def parse(cls, text: str) -> 'Origin':
        """Read what `str` writes."""
        road, _, name = text.partition(':')
        return cls(road, name) if road in ROADS_WITH_NAMES else cls(text)

    def __str__(self) -> str:
        return f'{self.road}:{self.name}' if self.name else self.road

"""Keeps a stop over a restart: a node that died while it was stopped starts stopped."""

import dataclasses
import json
import logging
import os
from pathlib import Path

from nemotron_agent.core.resource_paths import state_directory
from nemotron_agent.safety.stop_latch import Stop

logger = logging.getLogger(__name__)

FOLDER = 'stops'
UNREADABLE = 'a stop before the restart, whose file cannot be read'


class StopFile:
    """The stop of one node, while it holds.

    Args:
        path: of the file; it exists while the stop holds.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of_node(cls, node: str) -> 'StopFile':
        """The file of a node, by its full name, in the state folder."""
        # A ROS name has no dots.
        stem = node.strip('/').replace('/', '.')
        return cls(state_directory() / FOLDER / f'{stem}.json')

    def read(self) -> Stop | None:
        """The stop that holds, or None; what cannot be read is a stop."""
        try:
            values = json.loads(self.path.read_text(encoding='utf-8'))
            stop = Stop(str(values['reason']), float(values['at']))
            str(stop)  # there are times that no clock shows
            return stop
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            logger.error('%s: %s: the robot counts as stopped', self.path, error)
            return Stop(UNREADABLE)

    def write(self, stop: Stop | None) -> None:
        """Keep a stop, or forget the one that held; what cannot be written is logged."""
        try:
            if stop is None:
                self.path.unlink(missing_ok=True)
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new = self.path.with_suffix('.new')
            with new.open('w', encoding='utf-8') as file:
                json.dump(dataclasses.asdict(stop), file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError as error:
            what = 'the stop is not kept' if stop else 'the stop may come back'
            logger.error('%s: %s: %s over a restart', self.path, error.strerror, what)

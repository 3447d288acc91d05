"""Jobs of several conversations that wait for one thread."""

import collections
import dataclasses
import itertools
import threading
from typing import Generic, TypeVar

Job = TypeVar('Job')


@dataclasses.dataclass
class _Waiting(Generic[Job]):
    """A job in the queue; `passed_over` counts those that came later and went first."""

    job: Job
    owner: str
    priority: float
    number: int
    passed_over: int = 0


class FairQueue(Generic[Job]):
    """Gives the job of the highest priority first.

    Among equals it is that of the conversation served longest ago, then the one that came first.
    So that nothing waits for ever, a job passed over `patience` times goes before all others.
    """

    def __init__(self, patience: int = 8) -> None:
        self._patience = patience
        self._waiting: list[_Waiting[Job]] = []
        self._served: collections.OrderedDict[str, int] = collections.OrderedDict()
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting)

    def put(self, job: Job, owner: str = '', priority: float = 0.0) -> None:
        """Add a job of a conversation."""
        with self._changed:
            self._waiting.append(_Waiting(job, owner, priority, next(self._numbers)))
            self._changed.notify()

    def get(self) -> Job:
        """Wait for a job and take it."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting)
            chosen = min(self._waiting, key=self._rank)
            self._waiting.remove(chosen)
            for other in self._waiting:
                other.passed_over += other.number < chosen.number
            self._note_served(chosen.owner)
            return chosen.job

    def _rank(self, waiting: _Waiting[Job]) -> tuple[bool, float, int, int]:
        patient = waiting.passed_over < self._patience
        served = self._served.get(waiting.owner, 0)
        return patient, -waiting.priority, served, waiting.number

    def _note_served(self, owner: str) -> None:
        self._served[owner] = next(self._numbers)
        self._served.move_to_end(owner)
        while len(self._served) > 1024:
            self._served.popitem(last=False)

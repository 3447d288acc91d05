"""Holds the conversations of a suite, and takes up those that were held before."""

import dataclasses
import datetime
from collections.abc import Callable, Sequence
from typing import Any

from nemotron_agent.core.chat_model import ChatModel
from nemotron_agent.core.errors import EndpointError
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.evaluation.body import Body
from nemotron_agent.evaluation.case import Turn
from nemotron_agent.evaluation.conversation_run import ConversationRun
from nemotron_agent.evaluation.facts import TurnFacts
from nemotron_agent.evaluation.result_log import ResultLog
from nemotron_agent.evaluation.run_settings import RunSettings
from nemotron_agent.evaluation.score import TurnScore, score_turn
from nemotron_agent.evaluation.suite import Suite, SuiteEntry


@dataclasses.dataclass(frozen=True)
class ScoredTurn:
    """A turn of a suite, what happened, and the verdict."""

    entry: SuiteEntry
    index: int
    repeat: int
    facts: TurnFacts
    score: TurnScore

    @property
    def turn(self) -> Turn:
        """What was expected."""
        return self.entry.case.turns[self.index]

    @property
    def name(self) -> str:
        """Name for people."""
        several = len(self.entry.case.turns) > 1
        return f'{self.entry.case.id}/{self.index + 1}' if several else self.entry.case.id


MakeModel = Callable[[int], ChatModel]
"""Makes the model with a seed."""


class SuiteRun:
    """A suite under some settings, `repeats` times over, with the results so far.

    Args:
        fresh: hold all conversations again, whatever the log has.
    """

    def __init__(
        self,
        suite: Suite,
        settings: RunSettings,
        log: ResultLog,
        repeats: int = 1,
        fresh: bool = False,
    ) -> None:
        self.suite = suite
        self.settings = settings
        self._log = log
        self._repeats = repeats
        self._jobs = [
            (entry, repeat, settings.key(entry, repeat))
            for repeat in range(repeats)
            for entry in suite.entries
        ]
        known = {} if fresh else {record.get('key'): record for record in log.records()}
        self._turns: dict[str, list[dict[str, Any]]] = {
            key: known[key]['turns'] for _, _, key in self._jobs if key in known
        }
        self.resumed = len(self._turns)

    @property
    def conversations(self) -> int:
        """How many there are to hold, with all repeats."""
        return len(self._jobs)

    @property
    def pending(self) -> int:
        """How many are not held yet."""
        return self.conversations - len(self._turns)

    @property
    def scored(self) -> list[ScoredTurn]:
        """All turns so far, in the order of the suite."""
        return [
            turn
            for entry, repeat, key in self._jobs
            if key in self._turns
            for turn in scored_turns(entry, repeat, self._turns[key])
        ]

    def run(
        self, make_model: MakeModel, body: Body, on_done: Callable[[list[ScoredTurn]], None]
    ) -> None:
        """Hold what is pending; `on_done` is told of each conversation.

        Raises:
            ModelError: the model cannot be made, or its server has gone. What was held is kept.
        """
        for repeat in range(self._repeats):
            jobs = [
                (entry, key)
                for entry, number, key in self._jobs
                if number == repeat and key not in self._turns
            ]
            if not jobs:
                continue
            seed = self.settings.seed + repeat
            model = make_model(seed)
            try:
                for entry, key in jobs:
                    facts = self._hold(entry, repeat, model, body)
                    if any(each.crash.startswith(EndpointError.__name__) for each in facts):
                        make_model(seed).close()  # raises if the server does not answer at all
                    on_done(self._keep(entry, repeat, key, facts))
            finally:
                model.close()

    def _hold(
        self, entry: SuiteEntry, repeat: int, model: ChatModel, body: Body
    ) -> list[TurnFacts]:
        thinking = Thinking(self.settings.thinking)
        return ConversationRun(entry, f'{entry.case.id}#{repeat}', model, body, thinking).run()

    def _keep(
        self, entry: SuiteEntry, repeat: int, key: str, facts: Sequence[TurnFacts]
    ) -> list[ScoredTurn]:
        turns = [each.to_json() for each in facts]
        self._log.append(
            {
                'key': key,
                'finished': datetime.datetime.now(datetime.timezone.utc).isoformat('T', 'seconds'),
                'suite': self.suite.name,
                'conversation': entry.case.id,
                'digest': entry.digest,
                'robot': entry.robot.name,
                'robot_digest': entry.robot.digest,
                'repeat': repeat,
                'settings': self.settings.to_json(),
                'turns': turns,
            }
        )
        self._turns[key] = turns
        return scored_turns(entry, repeat, turns)


def scored_turns(
    entry: SuiteEntry, repeat: int, turns: Sequence[dict[str, Any]]
) -> list[ScoredTurn]:
    """Score the turns of one conversation."""
    scored = []
    for index, (turn, values) in enumerate(zip(entry.case.turns, turns, strict=True)):
        facts = TurnFacts.from_json(values)
        score = score_turn(entry.case, turn, facts, entry.robot)
        scored.append(ScoredTurn(entry, index, repeat, facts, score))
    return scored

"""What to leave out of a conversation, in which order; a call and its result are never parted."""

import dataclasses
from collections.abc import Callable, Sequence

from nemotron_agent.core.chat_model import ChatRequest
from nemotron_agent.core.conversation import Conversation, Turn, shown
from nemotron_agent.core.disabled_note import without_disabled_note
from nemotron_agent.core.left_out import LeftOut
from nemotron_agent.core.messages import Message
from nemotron_agent.core.pinned_facts import MAX_FACT_CHARACTERS, MAX_FACTS, is_fact
from nemotron_agent.core.shortened import one_line, shortened


@dataclasses.dataclass(frozen=True)
class History:
    """What a model is shown of a conversation.

    Attributes:
        turns: finished ones, oldest first.
        left_out: what is gone.
        present: the turn that is carried out now; empty if none is.
    """

    turns: tuple[Turn, ...]
    left_out: LeftOut
    present: Turn = ()

    @classmethod
    def of(cls, conversation: Conversation, present: Sequence[Message] = ()) -> 'History':
        """The history of a conversation as it is."""
        return cls(tuple(conversation.turns), conversation.left_out, tuple(present))

    @property
    def messages(self) -> tuple[Message, ...]:
        """The note of what is gone, then all messages."""
        return (*shown(self.turns, self.left_out), *self.present)

    def request(self, opening: ChatRequest) -> ChatRequest:
        """The request that shows it, after what the request begins with."""
        return dataclasses.replace(opening, messages=(*opening.messages, *self.messages))


def steps(history: History, n_newest: int) -> list[History]:
    """Ever shorter histories, each one step from the one before; the first is the one given.

    Reasoning goes first, then results but for a line each, from the oldest, then whole turns,
    from the oldest. The newest turns stay as they are, the present one too.
    """
    n_old = max(0, len(history.turns) - n_newest)
    path = [history]
    _go(path, _without_reasoning, range(n_old))
    for index in range(n_old):
        _go(path, _with_results_in_a_line, [index])
    for _ in range(n_old):
        path.append(_without_oldest_turn(path[-1]))
    return path


def last_resorts(history: History) -> list[History]:
    """The same for what `steps` leaves as it is; the present turn stays, but for its old results.

    Of the present turn the last two messages stay: a call and its result, or a reply and what is
    wrong with it.
    """
    path = steps(history, 0)
    shorter = path[-1]
    past, last = shorter.present[:-2], shorter.present[-2:]
    if past:
        alone = [dataclasses.replace(shorter, turns=(past,), present=())]
        _go(alone, _without_reasoning, [0])
        _go(alone, _with_results_in_a_line, [0])
        path += [
            dataclasses.replace(shorter, left_out=each.left_out, present=(*each.turns[0], *last))
            for each in alone[1:]
        ]
    return path


_Change = Callable[[Message], Message]


def _go(
    path: list[History], step: Callable[[History, int], History], turns: Sequence[int]
) -> None:
    """Take a step in some turns, if it changes anything."""
    history = path[-1]
    for index in turns:
        history = step(history, index)
    if history != path[-1]:
        path.append(history)


def _without_reasoning(history: History, index: int) -> History:
    history, count = _changed(history, index, _unreasoned)
    left_out = history.left_out
    reasonings = left_out.reasonings + count
    return dataclasses.replace(
        history, left_out=dataclasses.replace(left_out, reasonings=reasonings)
    )


def _with_results_in_a_line(history: History, index: int) -> History:
    history, count = _changed(history, index, _lined)
    left_out = history.left_out
    results = left_out.results + count
    return dataclasses.replace(history, left_out=dataclasses.replace(left_out, results=results))


def _without_oldest_turn(history: History) -> History:
    left_out = history.left_out
    command = without_disabled_note(history.turns[0][0].content)
    facts, lost = _facts(left_out.facts, command)
    left_out = dataclasses.replace(
        left_out, turns=left_out.turns + 1, facts=facts, lost_facts=left_out.lost_facts + lost
    )
    return dataclasses.replace(history, turns=history.turns[1:], left_out=left_out)


def _facts(known: tuple[str, ...], command: str) -> tuple[tuple[str, ...], int]:
    """The facts with those of one more command; how many had to give way."""
    if not is_fact(command):
        return known, 0
    fact = shortened(' '.join(command.split()), MAX_FACT_CHARACTERS)
    facts = (*(other for other in known if other != fact), fact)
    return facts[-MAX_FACTS:], max(0, len(facts) - MAX_FACTS)


def _changed(history: History, index: int, change: _Change) -> tuple[History, int]:
    """The history with one turn's messages changed, and how many of them differ."""
    turn = history.turns[index]
    changed = tuple(map(change, turn))
    count = sum(new != old for new, old in zip(changed, turn, strict=True))
    if not count:
        return history, 0
    turns = (*history.turns[:index], changed, *history.turns[index + 1 :])
    return dataclasses.replace(history, turns=turns), count


def _unreasoned(message: Message) -> Message:
    return dataclasses.replace(message, reasoning='') if message.reasoning else message


def _lined(message: Message) -> Message:
    if message.role != 'tool':
        return message
    line = one_line(message.content)
    return message if line == message.content else dataclasses.replace(message, content=line)

"""Whether a turn went as its suite expects."""

import collections
import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from nemotron_agent.core.problems import shown
from nemotron_agent.evaluation.case import ABSTAIN_TAGS, Case, ExpectedCall, Turn
from nemotron_agent.evaluation.facts import CallFacts, TurnFacts
from nemotron_agent.evaluation.matchers import Equal, Matcher, is_number
from nemotron_agent.evaluation.robot import Robot

# What an expected state without a tolerance of its own may be off.
POSITION_TOLERANCE_M = 0.05
YAW_TOLERANCE_DEG = 2.0
CANCELED = 'canceled'
ENDS = ('answer', 'ask', 'decline')
_MISSING = object()


@dataclasses.dataclass(frozen=True)
class TurnScore:
    """The verdicts on a turn; None where one does not apply.

    Attributes:
        tool: the right skills and the right kind of end, nothing more and nothing less.
        arguments: that, and all arguments are right.
        abstain: no skill was called where none may be.
        success: the simulated robot ended in the expected state.
        answer: the answer says what it must.
        problems: what is wrong, for people.
    """

    tags: tuple[str, ...]
    tool: bool
    arguments: bool
    abstain: bool | None
    success: bool | None
    answer: bool | None
    problems: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def score_turn(case: Case, turn: Turn, facts: TurnFacts, robot: Robot) -> TurnScore:
    """Compare what happened with what is expected."""
    tags = case.tags_of(turn)
    called = facts.skill_calls
    problems = [f'crashed: {facts.crash}'] if facts.crash else []
    problems += [f'refused: {call}: {call.text}' for call in called if call.refused]
    problems += [f'{c.tool} must never be called' for c in called if c.tool in turn.never]
    if not _ends_right(turn, facts):
        wanted = CANCELED if turn.interrupt else turn.end
        reason = f' ({facts.error})' if facts.error and facts.end != 'decline' else ''
        problems.append(f'ended with {facts.end} instead of {wanted}{reason}')
    fitting = [each for each in turn.alternatives if _has_names(each, called, turn.any_order)]
    if not fitting:
        problems.append(f'called {_listed(called)} instead of {_listed(turn.calls)}')
    tool = not problems
    wrong = _wrong_arguments(fitting, called, turn.any_order, robot) if fitting else ()
    abstain = not called if ABSTAIN_TAGS & set(tags) else None
    off = _state_problems(turn, facts.state)
    said = _missing_texts(turn, facts.answer)
    return TurnScore(
        tags=tags,
        tool=tool,
        arguments=tool and not wrong,
        abstain=abstain,
        success=None if off is None else not off,
        answer=None if turn.answer is None else not said,
        problems=(*problems, *wrong, *(off or ()), *said),
    )


def _ends_right(turn: Turn, facts: TurnFacts) -> bool:
    if turn.interrupt:
        return facts.end == CANCELED
    if turn.end == 'any':
        return facts.end in ENDS
    if turn.end == 'ask_or_decline':
        return facts.end in ('ask', 'decline')
    if turn.end == 'answer' and any(turn.alternatives):
        # A step that failed may be reported by either.
        return facts.end in ('answer', 'decline')
    return facts.end == turn.end


def _has_names(
    expected: Sequence[ExpectedCall], called: Sequence[CallFacts], any_order: bool
) -> bool:
    wanted, found = [c.tool for c in expected], [c.tool for c in called]
    return sorted(wanted) == sorted(found) if any_order else wanted == found


def _wrong_arguments(
    alternatives: Sequence[Sequence[ExpectedCall]],
    called: Sequence[CallFacts],
    any_order: bool,
    robot: Robot,
) -> tuple[str, ...]:
    """Say which arguments are wrong, by the alternative with the fewest; nothing if one fits."""
    found = [_differences(each, called, any_order, robot) for each in alternatives]
    return min(found, key=len)


def _differences(
    expected: Sequence[ExpectedCall], called: Sequence[CallFacts], any_order: bool, robot: Robot
) -> tuple[str, ...]:
    pairs = list(zip(expected, called, strict=True))
    if any_order:
        pairs = _best_pairs(list(expected), list(called), robot)
    return tuple(text for each in pairs for text in misfits(*each, robot))


def _best_pairs(
    expected: list[ExpectedCall], called: list[CallFacts], robot: Robot
) -> list[tuple[ExpectedCall, CallFacts]]:
    """Pair calls of one name so that as many as possible fit (Kuhn's augmenting paths)."""
    partner: dict[int, int] = {}

    def place(wish: int, tried: set[int]) -> bool:
        for index, call in enumerate(called):
            if index in tried or call.tool != expected[wish].tool:
                continue
            if misfits(expected[wish], call, robot):
                continue
            tried.add(index)
            if index not in partner or place(partner[index], tried):
                partner[index] = wish
                return True
        return False

    for wish in range(len(expected)):
        place(wish, set())
    left = [i for i in range(len(expected)) if i not in partner.values()]
    for index, call in enumerate(called):
        if index not in partner:
            wish = next(i for i in left if expected[i].tool == call.tool)
            left.remove(wish)
            partner[index] = wish
    return [(expected[wish], called[index]) for index, wish in sorted(partner.items())]


def misfits(expected: ExpectedCall, call: CallFacts, robot: Robot) -> list[str]:
    """Say which arguments of a call are not as expected; defaults count as given."""
    spec = robot.spec(call.tool)
    schemas: Mapping[str, Any] = spec.parameters.get('properties', {}) if spec else {}
    defaults = {name: s['default'] for name, s in schemas.items() if 'default' in s}
    found = {**defaults, **call.arguments}
    wrong = []
    for name in dict.fromkeys([*expected.arguments, *found]):
        default = Equal(defaults[name]) if name in defaults else None
        matcher: Matcher | None = expected.arguments.get(name, default)
        value = found.get(name, _MISSING)
        if value is _MISSING and matcher is not None and matcher.may_be_missing:
            continue
        if matcher is None:
            wrong.append(f'{call.tool}.{name} is {shown(value)}, and should be left out')
        elif value is _MISSING:
            wrong.append(f'{call.tool}.{name} is missing, and should be {matcher}')
        elif not matcher.matches(value):
            wrong.append(f'{call.tool}.{name} is {shown(value)}, and should be {matcher}')
    return wrong


def _missing_texts(turn: Turn, answer: str) -> tuple[str, ...]:
    texts = turn.answer.contains if turn.answer else ()
    lacking = [text for text in texts if text.casefold() not in answer.casefold()]
    return tuple(f'the answer does not say {shown(text)}' for text in lacking)


def _state_problems(turn: Turn, state: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """Say what is not as expected; None if nothing is expected, or there is no robot."""
    if turn.state is None or state is None:
        return None
    return tuple(
        f'{name} is {shown(state[name])}, and should be {matcher}'
        for name, matcher in turn.state.expected.items()
        if not _state_matches(name, matcher, state[name])
    )


def state_agrees(turn: Turn, state: Mapping[str, Any]) -> bool:
    """Whether the simulated robot is as a turn expects, if it expects anything."""
    return not _state_problems(turn, state)


def _state_matches(name: str, matcher: Matcher, value: Any) -> bool:
    if isinstance(matcher, Equal) and is_number(matcher.value) and is_number(value):
        own = YAW_TOLERANCE_DEG if name == 'yaw_deg' else POSITION_TOLERANCE_M
        allowed = own if matcher.within is None else matcher.within
        difference = value - matcher.value
        if name == 'yaw_deg':
            difference = math.remainder(difference, 360.0)
        return bool(abs(difference) <= allowed + 1e-9)
    return matcher.matches(value)


def _listed(calls: Sequence[ExpectedCall] | Sequence[CallFacts]) -> str:
    return ', '.join(call.tool for call in calls) or 'nothing'


def confusion_of(turn: Turn, facts: TurnFacts) -> list[tuple[str, str]]:
    """Pair expected with called skills, by name; what has no partner is paired with an end."""
    called = [call.tool for call in facts.skill_calls]
    expected = min(
        ([call.tool for call in each] for each in turn.alternatives),
        key=lambda names: sum(_overhang(names, called)),
    )
    shared = list((collections.Counter(expected) & collections.Counter(called)).elements())
    missed = list((collections.Counter(expected) - collections.Counter(called)).elements())
    extra = list((collections.Counter(called) - collections.Counter(expected)).elements())
    pairs = [(name, name) for name in shared]
    pairs += zip(missed, extra, strict=False)
    short = min(len(missed), len(extra))
    pairs += [(name, f'({facts.end})') for name in missed[short:]]
    pairs += [(f'({turn.end})', name) for name in extra[short:]]
    if not pairs:
        wanted = facts.end if turn.end == 'any' and _ends_right(turn, facts) else turn.end
        pairs.append((f'({wanted})', f'({facts.end})'))
    return pairs


def _overhang(expected: list[str], called: list[str]) -> tuple[int, int]:
    wanted, found = collections.Counter(expected), collections.Counter(called)
    return (wanted - found).total(), (found - wanted).total()

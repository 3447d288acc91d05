"""A conversation of a suite, as its file says it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field, PlainValidator

from nemotron_agent.core.document_model import DocumentModel, Text
from nemotron_agent.core.problems import misuse, shown
from nemotron_agent.evaluation.matchers import Expected, texts_of

TAGS = (
    *('single', 'multi', 'reference', 'relative', 'units', 'spoken', 'no_tool', 'ambiguous'),
    *('policy', 'injection', 'correction', 'german', 'spanish', 'french'),
)
ABSTAIN_TAGS = frozenset({'no_tool', 'ambiguous'})
End = Literal['answer', 'ask', 'decline', 'ask_or_decline', 'any']


class ExpectedCall(DocumentModel):
    """A call of a skill, with what each argument is to be."""

    tool: Text
    arguments: dict[str, Expected] = Field(default_factory=dict)

    def __str__(self) -> str:
        return f'{self.tool}({", ".join(f"{k}: {v}" for k, v in self.arguments.items())})'


def _read_call(given: Any) -> ExpectedCall:
    if isinstance(given, ExpectedCall):
        return given
    if isinstance(given, str):
        return ExpectedCall(tool=given)
    if not isinstance(given, Mapping) or len(given) != 1:
        raise misuse(f'{shown(given)} is no call', 'write such as navigate_to: {place: kitchen}')
    ((tool, arguments),) = given.items()
    if not isinstance(arguments, Mapping | None):
        raise misuse(f'{shown(arguments)} are no arguments', 'write {name: value}', str(tool))
    try:
        return ExpectedCall(tool=str(tool), arguments=dict(arguments or {}))
    except pydantic.ValidationError as error:
        detail = error.errors(include_url=False)[0]
        context = detail.get('ctx', {})
        keys = (str(tool), *detail['loc'][1:], *context.get('keys', ()))
        raise misuse(
            str(context.get('what', detail['msg'])),
            str(context.get('remedy', 'correct it')),
            *keys,
        ) from error


class PlannedResult(DocumentModel):
    """What a tool answers instead of its real result."""

    text: Text
    failed: bool = False


def _read_results(given: Any) -> tuple[PlannedResult, ...]:
    if isinstance(given, tuple):
        return given
    items = given if isinstance(given, list) else [given]
    return tuple(_read_result(item) for item in items)


def _read_result(given: Any) -> PlannedResult:
    if isinstance(given, str) and given:
        return PlannedResult(text=given)
    if isinstance(given, Mapping) and set(given) == {'failed'}:
        text = given['failed']
        if isinstance(text, str) and text:
            return PlannedResult(text=text, failed=True)
    raise misuse(f'{shown(given)} is no result', 'write a text, {failed: text}, or a list of them')


Call = Annotated[ExpectedCall, PlainValidator(_read_call)]
Results = Annotated[tuple[PlannedResult, ...], PlainValidator(_read_results)]


class Start(DocumentModel):
    """Changes of the simulated world before the first turn."""

    place: Text | None = None
    holding: Text | None = None
    light: pydantic.StrictBool | None = None


class Denial(DocumentModel):
    """What policy refuses: a tool with arguments that match all of these, and why."""

    tool: Text
    arguments: dict[str, Expected] = Field(default_factory=dict)
    reason: Text


class AnswerRule(DocumentModel):
    """What the final answer must say."""

    contains: Annotated[tuple[str, ...], PlainValidator(texts_of)]


class ExpectedState(DocumentModel):
    """The simulated robot at the end of a turn; what is left out may be anything."""

    place: Expected = None
    holding: Expected = None
    light: Expected = None
    x: Expected = None
    y: Expected = None
    yaw_deg: Expected = None

    @property
    def expected(self) -> dict[str, Any]:
        """The matchers that were given, by name."""
        return {name: getattr(self, name) for name in type(self).model_fields if self.asks(name)}

    def asks(self, name: str) -> bool:
        """Whether a part of the state is to be compared."""
        return name in self.model_fields_set


class Turn(DocumentModel):
    """A command, and what is right to do with it.

    Attributes:
        say: the command.
        calls: the skills to call, in order.
        any_order: the order does not matter.
        or_calls: other lists that are as right.
        end: how the task must end.
        never: tools that must not be called.
        answer: what must be said.
        state: of the simulated robot at the end.
        interrupt: the task is canceled as soon as its first skill runs.
        tags: replace those of the conversation.
    """

    say: Text
    calls: tuple[Call, ...] = ()
    any_order: pydantic.StrictBool = False
    or_calls: tuple[tuple[Call, ...], ...] = ()
    end: End = 'answer'
    never: tuple[Text, ...] = ()
    answer: AnswerRule | None = None
    state: ExpectedState | None = None
    interrupt: pydantic.StrictBool = False
    tags: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None

    @property
    def alternatives(self) -> tuple[tuple[ExpectedCall, ...], ...]:
        """All lists of calls that are right."""
        return (self.calls, *self.or_calls)


class Case(DocumentModel):
    """A conversation: how the world is, and what is said in turn."""

    id: Text
    tags: Annotated[tuple[Text, ...], Field(min_length=1)]
    start: Start = Start()
    results: dict[str, Results] = Field(default_factory=dict)
    deny: tuple[Denial, ...] = ()
    turns: Annotated[tuple[Turn, ...], Field(min_length=1)]

    def tags_of(self, turn: Turn) -> tuple[str, ...]:
        """Tags of one of its turns."""
        return turn.tags or self.tags


class SuiteFile(DocumentModel):
    """A suite file."""

    robot: Text | None = None
    conversations: Annotated[tuple[Case, ...], Field(min_length=1)]


KEYS_OF = {
    '': list(SuiteFile.model_fields),
    'conversations': list(Case.model_fields),
    'start': list(Start.model_fields),
    'deny': list(Denial.model_fields),
    'turns': list(Turn.model_fields),
    'answer': list(AnswerRule.model_fields),
    'state': list(ExpectedState.model_fields),
}

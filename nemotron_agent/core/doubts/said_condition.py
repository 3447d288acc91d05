"""Whether the condition in a command holds: code compares the numbers, as it converts them.

A small model reads "18 percent" and acts as if it were not below 30.
"""

import dataclasses
import re

from nemotron_agent.core.said_quantities import with_digits

_IF = re.compile(
    r'\b(?:if|in case|when|wenn|falls|bei(?= unter| über| mehr| weniger)|si|cuando|quand)\b',
    re.IGNORECASE,
)
_ELSE = re.compile(
    r'\b(?:otherwise|or else|else|sonst|ansonsten|si no|de lo contrario|sinon)\b', re.IGNORECASE
)
_AFTERWARDS = re.compile(
    r'\b(?:and then|after that|afterwards|danach|luego|puis|ensuite)\b', re.IGNORECASE
)
_COMPARED = re.compile(
    r'\b(?:(?P<less>below|under|(?:less|lower|fewer|smaller|colder) than|unter'
    r'|(?:weniger|niedriger|kleiner|kälter) als|menos de|por debajo del?'
    r'|moins de|en dessous de|inférieure? à)'
    r'|(?:above|over|(?:more|higher|greater|larger|warmer|hotter|louder) than|über|(?:mehr|höher'
    r'|größer|wärmer|lauter) als|más de|por encima del?|plus de|au-dessus de|supérieure? à))'
    r' (?P<number>\d+(?:[.,]\d+)?)',
    re.IGNORECASE,
)
_UNIT = re.compile(r'^ ?(?:%|°?[^\W\d_]+)(?: (?:ist|liegt|hat))?')
_NUMBER = re.compile(r'-?\d+(?:[.,]\d+)?')


@dataclasses.dataclass(frozen=True)
class ComparedCondition:
    """What came out of the condition of a command.

    Attributes:
        holds: whether it does.
        left: the words of what is to be done now; empty if nothing is.
    """

    holds: bool
    left: str


def compared_condition(command: str, result: str) -> ComparedCondition | None:
    """Whether a number in a result is on that side of another that a command's condition asks for.

    None if the command has no such condition, or if the result has no number or several.
    """
    text = with_digits(command)
    compared = _comparison(text)
    numbers = {_value(number) for number in _NUMBER.findall(result)}
    if compared is None or len(numbers) != 1:
        return None
    measured, limit = numbers.pop(), _value(compared['number'])
    holds = measured < limit if compared['less'] else measured > limit
    rest = _UNIT.sub('', text[compared.end() :])
    otherwise, after = _ELSE.search(rest), _AFTERWARDS.search(rest)
    if holds:
        left = rest[: otherwise.start()] if otherwise else rest
    else:
        begin = otherwise or after
        left = rest[begin.end() :] if begin else ''
    return ComparedCondition(holds, left.strip(' ,.;!?'))


def without_comparison(command: str) -> str:
    """A command without the number that a condition of it compares with, if it has one.

    That number is none of what a step is to be done with.
    """
    text = with_digits(command)
    compared = _comparison(text)
    if compared is None:
        return command
    rest = _UNIT.sub('', text[compared.end() :])
    return f'{text[: compared.start()]}{rest}'


def _comparison(text: str) -> re.Match[str] | None:
    condition = _IF.search(text)
    return _COMPARED.search(text, condition.end()) if condition else None


def _value(text: str) -> float:
    return float(text.replace(',', '.'))

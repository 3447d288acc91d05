"""Whether the condition in a command holds: code compares the numbers, as it converts them.

A small model reads "18 percent" and acts as if it were not below 30.
"""

import re

from nemotron_agent.core.said_quantities import with_digits

_IF = re.compile(r'\b(?:if|in case|when|wenn|falls|si|cuando|quand)\b', re.IGNORECASE)
_ELSE = re.compile(
    r'\b(?:otherwise|else|then|unless|sonst|ansonsten|danach|si no|de lo contrario|luego'
    r'|sinon|puis|ensuite)\b',
    re.IGNORECASE,
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
_NUMBER = re.compile(r'-?\d+(?:[.,]\d+)?')


def condition_holds(command: str, result: str) -> bool | None:
    """Whether a number in a result is on that side of another that a command's condition asks for.

    None if the command has no such condition, if something is to be done where it does not hold,
    or if the result has no number or several.
    """
    text = with_digits(command)
    condition = _IF.search(text)
    compared = _COMPARED.search(text, condition.end()) if condition else None
    numbers = {_value(number) for number in _NUMBER.findall(result)}
    if compared is None or len(numbers) != 1:
        return None
    measured, limit = numbers.pop(), _value(compared['number'])
    holds = measured < limit if compared['less'] else measured > limit
    return None if not holds and _ELSE.search(text, compared.end()) else holds


def _value(text: str) -> float:
    return float(text.replace(',', '.'))

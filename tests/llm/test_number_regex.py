import random
import re
from decimal import Decimal

import pytest

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.llm.number_regex import number_regex

BOUNDS = (None, -120, -7, -0.5, -1e-05, 0, 0.1, 0.25, 1, 9.99, 10, 99, 100, 1234.5)
STEPS = ('0', '0.000001', '0.00001', '0.1', '1', '10')


def candidates(low, high, integer):
    """Numbers at, just inside and just outside both bounds, and some between."""
    chance = random.Random(f'{low} {high} {integer}')
    for bound in (low, high, 0):
        for step in STEPS:
            for sign in (-1, 1):
                yield Decimal(str(bound or 0)) + sign * Decimal(step)
    for _ in range(30):
        yield Decimal(repr(round(chance.uniform((low or -50) - 2, (high or 3000) + 2), 6)))


@pytest.mark.parametrize('integer', [False, True])
@pytest.mark.parametrize(('open_low', 'open_high'), [(False, False), (True, False), (True, True)])
def test_matches_exactly_the_numbers_between_the_bounds(integer, open_low, open_high):
    for low in BOUNDS:
        for high in BOUNDS:
            if low is not None and high is not None and low + 1 >= high:
                continue
            pattern = re.compile(
                number_regex(low, high, integer=integer, open_low=open_low, open_high=open_high)
            )
            for value in candidates(low, high, integer):
                if integer and value != int(value):
                    continue
                text = str(int(value)) if integer else f'{value:f}'
                above = low is None or (
                    value > Decimal(str(low)) if open_low else value >= Decimal(str(low))
                )
                below = high is None or (
                    value < Decimal(str(high)) if open_high else value <= Decimal(str(high))
                )
                found = bool(pattern.fullmatch(text))
                assert found == (above and below), (low, high, text, pattern.pattern)


@pytest.mark.parametrize('text', ['01', '1.', '.5', '+1', '1e3', '0x1', '1.1234567', ' 1', ''])
def test_matches_only_plain_json_numbers(text):
    pattern = number_regex(None, None, integer=False, open_low=False, open_high=False)
    assert not re.fullmatch(pattern, text)


def test_an_unbounded_number_ends():
    pattern = number_regex(None, None, integer=True, open_low=False, open_high=False)
    assert re.fullmatch(pattern, '9' * 12)
    assert not re.fullmatch(pattern, '9' * 13)


@pytest.mark.parametrize(('low', 'high'), [(2, 1), (0.2, 0.8)])
def test_no_number_between_the_bounds_is_an_error(low, high):
    with pytest.raises(ConfigurationError, match='no number lies between minimum'):
        number_regex(low, high, integer=True, open_low=False, open_high=False)

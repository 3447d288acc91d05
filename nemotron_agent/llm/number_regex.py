"""Regular expressions for decimal numbers between two bounds."""

import decimal
from decimal import Decimal

from nemotron_agent.core.errors import ConfigurationError

MAX_INTEGER_DIGITS = 12
MAX_FRACTION_DIGITS = 6
_LARGEST = Decimal(10**MAX_INTEGER_DIGITS - 1)
_STEP = Decimal(1).scaleb(-MAX_FRACTION_DIGITS)


def number_regex(
    low: float | None, high: float | None, *, integer: bool, open_low: bool, open_high: bool
) -> str:
    """Regex for JSON numbers in plain notation, from `low` to `high`.

    Numbers have at most 6 digits after the point, and where there is no bound at most 12 before
    it: a number always ends.

    Args:
        low: lower bound, None if there is none.
        high: upper bound, likewise.
        integer: whether a fraction is excluded.
        open_low: whether `low` itself is excluded.
        open_high: whether `high` itself is excluded.

    Raises:
        ConfigurationError: no number lies between the bounds.
    """
    step = Decimal(1) if integer else _STEP
    least = _bound(low, -_LARGEST, step, decimal.ROUND_CEILING, open_low)
    most = _bound(high, _LARGEST, step, decimal.ROUND_FLOOR, open_high)
    if least > most:
        raise ConfigurationError(f'no number lies between minimum {low} and maximum {high}')
    places = 0 if integer else MAX_FRACTION_DIGITS
    parts = []
    if least < 0:
        parts.append('-' + _magnitude(max(-most, Decimal(0)), -least, places))
    if most >= 0:
        parts.append(_magnitude(max(least, Decimal(0)), most, places))
    return _any_of(parts)


def _bound(
    value: float | None, default: Decimal, step: Decimal, rounding: str, is_open: bool
) -> Decimal:
    if value is None:
        return default
    exact = Decimal(str(value))
    with decimal.localcontext() as context:
        context.prec = 400
        rounded = exact.quantize(step, rounding=rounding)
    if is_open and rounded == exact:
        return rounded + step if rounding == decimal.ROUND_CEILING else rounded - step
    return rounded


def _magnitude(low: Decimal, high: Decimal, places: int) -> str:
    """Numbers without a sign from `low` to `high`, both not negative."""
    first, first_fraction = _split(low)
    last, last_fraction = _split(high)
    if first == last:
        return f'{first}{_fraction(first_fraction, last_fraction, places)}'
    parts = [f'{first}{_fraction(first_fraction, None, places)}']
    if last - first > 1:
        parts.append(f'{_integers(first + 1, last - 1)}{_fraction("", None, places)}')
    parts.append(f'{last}{_fraction("", last_fraction, places)}')
    return _any_of(parts)


def _split(value: Decimal) -> tuple[int, str]:
    text = f'{value:f}'
    whole, _, fraction = text.partition('.')
    return int(whole), fraction.rstrip('0')


def _fraction(low: str, high: str | None, places: int) -> str:
    """An optional `.digits` whose digits lie between those of two fractions."""
    digits = _digits(low, high, places, at_least_one=True) if places else None
    bare_is_low_enough = low == ''
    if digits is None:
        return ''
    return rf'(\.{digits})?' if bare_is_low_enough else rf'\.{digits}'


def _digits(low: str, high: str | None, room: int, at_least_one: bool = False) -> str | None:
    """Digits d with 0.low <= 0.d <= 0.high; `high` None is no bound. None if there are none."""
    if low == '' and high is None:
        return f'[0-9]{{{int(at_least_one)},{room}}}'
    if room == 0:
        return '' if low == '' else None
    first = int(low[:1] or 0)
    last = 9 if high is None else int(high[:1] or 0)
    if first == last:
        rests = [(first, _digits(low[1:], high and high[1:], room - 1))]
    else:
        rests = [(first, _digits(low[1:], None, room - 1))]
        rests += [(d, f'[0-9]{{0,{room - 1}}}') for d in range(first + 1, last)]
        rests.append((last, _digits('', high and high[1:], room - 1)))
    parts = [f'{digit}{rest}' for digit, rest in rests if rest is not None]
    if not parts:
        return None
    together = _any_of(parts)
    may_stop = low == '' and not at_least_one
    return f'({together})?' if may_stop else together


def _integers(low: int, high: int) -> str:
    """Integers from `low` to `high`, not negative, without leading zeros."""
    parts = []
    for length in range(len(str(low)), len(str(high)) + 1):
        smallest = 10 ** (length - 1) if length > 1 else 0
        parts.append(_same_length(str(max(low, smallest)), str(min(high, 10**length - 1))))
    return _any_of(parts)


def _same_length(low: str, high: str) -> str:
    if low == high:
        return low
    if set(low) == {'0'} and set(high) == {'9'}:
        return f'[0-9]{{{len(low)}}}'
    if len(low) == 1:
        return f'[{low}-{high}]'
    first, last = int(low[0]), int(high[0])
    if first == last:
        return low[0] + _same_length(low[1:], high[1:])
    nines, zeros = '9' * (len(low) - 1), '0' * (len(low) - 1)
    parts = []
    if low[1:] != zeros:
        parts.append(low[0] + _same_length(low[1:], nines))
        first += 1
    if high[1:] != nines:
        parts.append(high[0] + _same_length(zeros, high[1:]))
        last -= 1
    if first <= last:
        parts.append(f'[{first}-{last}]' + _same_length(zeros, nines))
    return _any_of(parts)


def _any_of(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f'({"|".join(parts)})'

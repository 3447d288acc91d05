"""Whether the words of a command tell a value, without a model."""

import re
from collections.abc import Sequence

from nemotron_agent.core.number_words import NUMBER_WORDS

# Words that tell an amount, in English, German, Spanish and French; longer words may hold them
# ("fünfzehn", "Viertel").
_AMOUNT_WORDS = (
    *NUMBER_WORDS,
    *('half', 'quarter', 'third', 'double', 'twice', 'full', 'around', 'same', 'again', 'more'),
    *('halb', 'doppelt', 'ganz', 'nochmal', 'noch'),
    *('uno', 'medi', 'cuarto', 'mitad', 'doble', 'mism', 'vez'),
    *('un', 'demi', 'quart', 'moitié', 'même', 'encore'),
)
_AMOUNT = re.compile(rf'\d|\b(?:{"|".join(_AMOUNT_WORDS)})', re.IGNORECASE)


def names_value(command: str, value: object) -> bool:
    """Whether a command has the words of a value in it; a number must stand there in digits."""
    if isinstance(value, bool):
        return False
    if isinstance(value, (int, float)):
        numbers = re.findall(r'\d+(?:[.,]\d+)?', command)
        return any(abs(float(number.replace(',', '.')) - value) < 1e-6 for number in numbers)
    words = re.escape(str(value).replace('_', ' ').casefold())
    return re.search(rf'(?<!\w){words}(?!\w)', command.replace('_', ' ').casefold()) is not None


def leaves_open(command: str, value: object, listed: Sequence[object]) -> bool:
    """Whether a command names only a part of a listed value, and others have that part too."""
    if names_value(command, value):
        return False
    named = _words(value) & _words(command)
    return bool(named) and any(named <= _words(other) for other in listed if other != value)


def repeats(command: str, text: object) -> bool:
    """Whether a text is made of words of a command, but for one in four."""
    words = _words(text)
    return len(words & _words(command)) >= 0.75 * len(words)


def _words(text: object) -> set[str]:
    return set(re.findall(r'\w+', str(text).replace('_', ' ').casefold()))


def tells_amount(command: str) -> bool:
    """Whether a command speaks of any amount, in digits or words."""
    return _AMOUNT.search(command) is not None

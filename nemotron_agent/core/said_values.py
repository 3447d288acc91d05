"""Whether the words of a command tell a value, without a model."""

import re

# Words that tell an amount, in English, German, Spanish and French; longer words may hold them
# ("fünfzehn", "Viertel").
_AMOUNT_WORDS = (
    *('one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven'),
    *('twelve', 'thirteen', 'fifteen', 'twenty', 'thirty', 'forty', 'fifty', 'hundred'),
    *('half', 'quarter', 'third', 'double', 'twice', 'full', 'around', 'same', 'again', 'more'),
    *('ein', 'zwei', 'drei', 'vier', 'fünf', 'sechs', 'sieben', 'acht', 'neun', 'zehn', 'elf'),
    *('zwölf', 'zwanzig', 'dreißig', 'hundert', 'halb', 'doppelt', 'ganz', 'nochmal', 'noch'),
    *('uno', 'una', 'dos', 'tres', 'cuatro', 'cinco', 'seis', 'siete', 'ocho', 'nueve', 'diez'),
    *('quince', 'veinte', 'treinta', 'cuarenta', 'cincuenta', 'sesenta', 'cien', 'medi', 'cuarto'),
    *('mitad', 'doble', 'mism', 'vez'),
    *('un', 'une', 'deux', 'trois', 'quatre', 'cinq', 'sept', 'huit', 'neuf', 'dix', 'quinze'),
    *('vingt', 'trente', 'quarante', 'cinquante', 'soixante', 'cent', 'demi', 'quart', 'moitié'),
    *('même', 'encore'),
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


def tells_amount(command: str) -> bool:
    """Whether a command speaks of any amount, in digits or words."""
    return _AMOUNT.search(command) is not None

"""Words of numbers and amounts, in English, German, Spanish and French."""

import re

# Words for one that stand before any noun.
ARTICLES = ('ein', 'una', 'une', 'un', 'uno')
NUMBER_WORDS = {
    word: number
    for number, words in {
        1: ('one', 'ein', 'una', 'une'),
        2: ('two', 'zwei', 'dos', 'deux'),
        3: ('three', 'drei', 'tres', 'trois'),
        4: ('four', 'vier', 'cuatro', 'quatre'),
        5: ('five', 'fünf', 'cinco', 'cinq'),
        6: ('six', 'sechs', 'seis'),
        7: ('seven', 'sieben', 'siete', 'sept'),
        8: ('eight', 'acht', 'ocho', 'huit'),
        9: ('nine', 'neun', 'nueve', 'neuf'),
        10: ('ten', 'zehn', 'diez', 'dix'),
        11: ('eleven', 'elf'),
        12: ('twelve', 'zwölf'),
        13: ('thirteen',),
        15: ('fifteen', 'quince', 'quinze'),
        20: ('twenty', 'zwanzig', 'veinte', 'vingt'),
        30: ('thirty', 'dreißig', 'treinta', 'trente'),
        40: ('forty', 'cuarenta', 'quarante'),
        50: ('fifty', 'cincuenta', 'cinquante'),
        60: ('sesenta', 'soixante'),
        100: ('hundred', 'hundert', 'cien', 'cent'),
    }.items()
    for word in words
}
# Longer words may hold them ("fünfzehn", "Viertel").
_AMOUNT_WORDS = (
    *(word for word in NUMBER_WORDS if word not in ARTICLES),
    *('half', 'quarter', 'third', 'double', 'twice', 'full', 'around', 'same', 'again', 'more'),
    *('halb', 'doppelt', 'ganz', 'nochmal', 'noch'),
    *('medi', 'cuarto', 'mitad', 'doble', 'mism', 'vez'),
    *('demi', 'quart', 'moitié', 'même', 'encore'),
)
_AMOUNT = re.compile(rf'\d|\b(?:{"|".join(_AMOUNT_WORDS)})', re.IGNORECASE)


def tells_amount(command: str) -> bool:
    """Whether a command speaks of any amount, in digits or words."""
    return _AMOUNT.search(command) is not None

"""Numbers in words, in English, German, Spanish and French."""

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

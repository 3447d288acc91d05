"""The numbers with units that a command tells, without a model.

A small model copies most of them well and some not: "ten inches" becomes 10 metres. Where a
command tells numbers of a kind, a number of that kind in a call can only be one of them.
"""

import dataclasses
import functools
import math
import re
from collections.abc import Iterator, Mapping, Sequence

from text_to_num import alpha2digit

from nemotron_agent.core.number_words import ARTICLES, tells_amount
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.core.units import factor, kind_of


@dataclasses.dataclass(frozen=True)
class Quantity:
    """A number and its unit, one of `units.KINDS`."""

    value: float
    unit: str


@dataclasses.dataclass(frozen=True)
class _Language:
    """How a language tells quantities; all in lower case.

    Attributes:
        units: words of each unit, as regular expressions.
        one: words that are a one before a unit.
        parts: words of parts of one before a unit, with their values.
        and_half: what adds a half to a number, before or after its unit.
        turns: parts of a full turn, as regular expressions, with their degrees.
        amounts: words that make an amount of something else, which code cannot tell.
    """

    units: Mapping[str, str]
    one: str
    parts: Mapping[str, float]
    and_half: str
    turns: Mapping[str, float]
    amounts: str


_LANGUAGES = {
    'en': _Language(
        units={
            'm': 'met(?:er|re)s?',
            'cm': 'centimet(?:er|re)s?',
            'mm': 'millimet(?:er|re)s?',
            'km': 'kilomet(?:er|re)s?',
            'in': 'inch(?:es)?',
            'ft': 'foot|feet',
            'deg': 'degrees?',
            'rad': 'radians?',
            's': 'seconds?|secs?',
            'min': 'minutes?|mins?',
            'h': 'hours?',
            '%': 'percent|per cent',
        },
        one='an?|another|one more',
        parts={'half(?: an?| of an?)?': 0.5, '(?:a )?quarter(?: of an?)?': 0.25},
        and_half='and a half',
        turns={
            '(?:3|three) quarters? of a (?:full |whole )?turn': 270,
            'quarter(?:[ -]turn| of a (?:full |whole )?turn)': 90,
            'half(?:[ -]turn| a (?:full |whole )?turn)': 180,
            '(?:full|whole|complete) turn': 360,
        },
        amounts='half|halves|quarters?|thirds?|twice|double|triple|times|few|couple|several'
        '|at most|at least|than|over|under|below|above|within|up to'
        '|more|less|increase|raise|lower|reduce|decrease|louder|quieter|faster|slower',
    ),
    'de': _Language(
        units={
            'm': 'metern?',
            'cm': 'zentimetern?',
            'mm': 'millimetern?',
            'km': 'kilometern?',
            'in': 'zoll',
            'ft': 'fuß',
            'deg': 'grad',
            's': 'sekunden?',
            'min': 'minuten?',
            'h': 'stunden?',
            '%': 'prozent',
        },
        one='eine[nmr]?|noch eine[nmr]?',
        parts={'(?:eine[nmr]? )?halbe[nmr]?': 0.5, '(?:eine[nmr]? )?viertel': 0.25},
        and_half='und eine[nmr]? halbe[nmr]?',
        turns={
            'dreiviertel(?:um)?drehung': 270,
            'viertel(?:um)?drehung': 90,
            'halbe (?:um)?drehung': 180,
            '(?:ganze|volle) (?:um)?drehung': 360,
        },
        amounts='halb\\w*|viertel\\w*|drittel|doppelt\\w*|dreifach\\w*|mal|paar|einige\\w*'
        '|anderthalb|\\w+einhalb|höchstens|mindestens|als|über|unter|bis zu|innerhalb'
        '|mehr|weniger|erhöhe|senke|verringere|lauter|leiser|schneller|langsamer',
    ),
    'es': _Language(
        units={
            'm': 'metros?',
            'cm': 'cent[ií]metros?',
            'mm': 'mil[ií]metros?',
            'km': 'kil[oó]metros?',
            'in': 'pulgadas?',
            'ft': 'pies?',
            'deg': 'grados?',
            's': 'segundos?',
            'min': 'minutos?',
            'h': 'horas?',
            '%': 'por ciento',
        },
        one='una?|otr[oa]',
        parts={'medi[oa]': 0.5, 'un cuarto de': 0.25},
        and_half='y medi[oa]',
        turns={
            # text2num writes ordinals as "4º".
            r'(?:3|tres) (?:cuartos|4\S*) de vuelta': 270,
            r'(?:cuarto|4\S*) de vuelta': 90,
            'media vuelta': 180,
            'vuelta completa': 360,
        },
        amounts='medi[oa]|mitad|cuartos?|tercios?|doble|triple|veces|poco|unos|varios'
        '|máximo|al menos|hasta|más|menos|sube|baja|aumenta|reduce',
    ),
    'fr': _Language(
        units={
            'm': 'mètres?',
            'cm': 'centimètres?',
            'mm': 'millimètres?',
            'km': 'kilomètres?',
            'in': 'pouces?',
            'ft': 'pieds?',
            'deg': 'degrés?',
            's': 'secondes?',
            'min': 'minutes?',
            'h': 'heures?',
            '%': 'pour ?(?:cent|100)',
        },
        one='une?|encore une?',
        parts={'(?:une? )?demi[ -]': 0.5, 'un quart de': 0.25},
        and_half='et demie?',
        turns={
            '(?:3|trois) quarts de tour': 270,
            'quart de tour': 90,
            'demi[ -]tour': 180,
            'tour complet': 360,
        },
        amounts='demie?|moitié|quarts?|tiers|double|triple|fois|peu|quelques|plusieurs'
        '|plus|moins|augmente|monte|baisse|réduis',
    ),
}
# Signs of units that all languages share.
_SIGNS = {
    **{'m': 'm', 'cm': 'cm', 'mm': 'mm', 'km': 'km', 'ft': 'ft', 'deg': '°|deg', 'rad': 'rad'},
    **{'s': 's', 'min': 'min', 'h': 'h', 'm/s': 'm/s', 'km/h': 'km/h', '%': '%'},
}
_NUMBER = r'(?P<number>\d+(?:[.,]\d+)?)'
# A letter of no language here.
_MASK = 'ǂ'
_ARTICLE = re.compile(rf'(?<!\by )(?<!\bet )\b(?:{"|".join(ARTICLES)})\b')
_BARE = re.compile(r'(?<![\w.,])\d+(?:[.,]\d+)?(?![\w.,]*\d)')


def said_quantities(command: str, unit: str) -> tuple[Quantity, ...]:
    """The quantities of the kind of a unit that a command tells.

    A number without a unit may be meant in any, so it counts as one in `unit`. Where a command
    tells some amount that code does not understand, none is returned: it may be the one.
    """
    reading = _reading(command)
    told = reading.of_kind(unit)
    if not told or reading.is_vague:
        return ()
    bare = (Quantity(number, unit) for number in reading.bare)
    return tuple(dict.fromkeys([*told, *bare]))


def tells_amount_of(command: str, unit: str) -> bool:
    """Whether a command speaks of any amount that may be of the kind of a unit."""
    reading = _reading(command)
    return bool(reading.of_kind(unit)) or tells_amount(reading.rest)


def tells_other_kind(command: str, unit: str) -> bool:
    """Whether a command tells quantities, and no amount that may be of the kind of a unit."""
    return bool(_reading(command).quantities) and not tells_amount_of(command, unit)


def may_tell(command: str, value: float, unit: str) -> bool:
    """Whether a number in a unit may be one that a command tells; if it tells none, any may."""
    reading = _reading(command)
    if reading.is_vague:
        return True
    told = [each.value * (factor(each.unit, unit) or 1.0) for each in reading.of_kind(unit)]
    told += reading.bare
    return not told or any(math.isclose(value, each, rel_tol=0.01) for each in told)


def with_digits(command: str) -> str:
    """A command in lower case, with its numbers in digits."""
    return _reading(command).text


def said_by_unit(command: str, tools: Sequence[ToolSpec]) -> dict[str, tuple[Quantity, ...]]:
    """What a command tells, by unit of the tools' numbers, where it tells any."""
    schemas = (
        schema for tool in tools for schema in tool.parameters.get('properties', {}).values()
    )
    units = {schema['unit'] for schema in schemas if 'unit' in schema}
    told = {unit: said_quantities(command, unit) for unit in sorted(units)}
    return {unit: quantities for unit, quantities in told.items() if quantities}


@dataclasses.dataclass(frozen=True)
class _Reading:
    """A command as one language reads it.

    Attributes:
        quantities: numbers with units, in order.
        bare: numbers without.
        text: the command with digits instead of words.
        rest: that without the quantities.
        is_vague: whether some words tell an amount that is neither.
    """

    quantities: tuple[Quantity, ...]
    bare: tuple[float, ...]
    text: str
    rest: str
    is_vague: bool

    def of_kind(self, unit: str) -> list[Quantity]:
        """The quantities of the kind of a unit."""
        kind = kind_of(unit)
        return [quantity for quantity in self.quantities if quantity.unit in kind]

    @classmethod
    def of(cls, command: str, language: str) -> '_Reading':
        words = re.sub(r'(?<=\w)-(?=\w)', ' ', command.casefold())
        # Articles are no numbers, but for "veintiuno": they stay as they are.
        text = alpha2digit(_ARTICLE.sub(rf'\g<0>{_MASK}', words), language, threshold=0)
        text = text.replace(_MASK, '')
        rest = text
        found: list[tuple[int, Quantity]] = []
        for pattern, unit, fixed in _patterns(_LANGUAGES[language]):
            for match in re.finditer(pattern, rest):
                value = _value(match) if fixed is None else fixed
                found.append((match.start(), Quantity(value, unit)))
            # Blanks keep the places of what follows.
            rest = re.sub(pattern, lambda match: ' ' * len(match[0]), rest)
        found.sort(key=lambda each: each[0])
        bare = tuple(float(match[0].replace(',', '.')) for match in _BARE.finditer(rest))
        amounts = rf'\b(?:{_LANGUAGES[language].amounts})\b'
        is_vague = re.search(amounts, rest) is not None
        return cls(tuple(each for _, each in found), bare, text, rest, is_vague)


@functools.lru_cache(maxsize=8)
def _reading(command: str) -> _Reading:
    """A command in the language that finds most in it; vague if any of those that do says so."""
    readings = [_Reading.of(command, name) for name in _LANGUAGES]
    found = [(len(reading.quantities), len(reading.bare)) for reading in readings]
    best = [reading for reading, n in zip(readings, found, strict=True) if n == max(found)]
    return dataclasses.replace(best[0], is_vague=any(reading.is_vague for reading in best))


def _patterns(language: _Language) -> Iterator[tuple[str, str, float | None]]:
    """Patterns of quantities in the order to look for them, each with its unit and value.

    A value of None stands in the group `number`; `half` and `later_half` add a half to it.
    """
    half = f' {language.and_half}'
    for turn, degrees in language.turns.items():
        yield rf'\b(?:{turn})\b', 'deg', degrees
    for unit in dict.fromkeys([*language.units, *_SIGNS]):
        words, sign = language.units.get(unit), _SIGNS.get(unit)
        names = rf'(?:{words})\b' if words else ''
        if sign:
            names += ('|' if names else '') + rf'(?:{sign})(?![\w/])'
        number = rf'(?<![\w.,]){_NUMBER}(?P<half>{half})?'
        yield rf'{number}[ -]?(?:{names})(?P<later_half>{half})?', unit, None
        if words is None:
            continue
        for part, value in language.parts.items():
            yield rf'\b(?:{part}) ?(?:{words})\b', unit, value
        yield rf'\b(?:{language.one}) (?:{words}){half}\b', unit, 1.5
        yield rf'\b(?:{language.one}) (?:{words})\b', unit, 1.0


def _value(match: re.Match[str]) -> float:
    number = float(match['number'].replace(',', '.'))
    return number + 0.5 if match['half'] or match['later_half'] else number

"""What was said, without what nobody says: case, punctuation and spaces."""

import re
import unicodedata

Words = tuple[str, ...]

# A hyphen or a full stop within a word or number parts nothing.
_CLAUSE_END = re.compile(r'[!?;:,…。！？、，；\n]|\.(?!\w)|\s[-–]+\s|[—―]')
_WORD = re.compile(r"\w+(?:'\w+)*")


def words_of(text: str) -> Words:
    """The words of a text: letters and digits, in one form of Unicode, whatever their case."""
    folded = unicodedata.normalize('NFKC', text).replace('’', "'").casefold()
    return tuple(_WORD.findall(unicodedata.normalize('NFKC', folded)))


def clauses_of(text: str) -> tuple[Words, ...]:
    """The words between marks of punctuation; clauses without words are left out."""
    found = map(words_of, _CLAUSE_END.split(text))
    return tuple(clause for clause in found if clause)


def bare_words(value: object) -> Words:
    """The words of a value in plain letters; `_` parts them, as in names of values."""
    return without_accents(words_of(str(value).replace('_', ' ')))


def without_accents(words: Words) -> Words:
    """The words with plain letters: recognisers and keyboards often leave the accents out."""
    decomposed = (unicodedata.normalize('NFKD', word) for word in words)
    return tuple(
        ''.join(letter for letter in word if not unicodedata.combining(letter))
        for word in decomposed
    )

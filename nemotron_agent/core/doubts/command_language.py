"""In which language a command is, by its commonest words; commands are too short for more."""

import re

_COMMON = {
    'en': 'the a an and to of is it you your me my please then with what how at for now do',
    'de': 'der die das den dem ein eine einen einem und bitte zum zur im am mir mich dir dich '
    'dann nach nicht mit auf von wie ist du sie dort hier noch',
    'es': 'el la los las un una y por favor al del de en me te luego con que qué cuánto cuánta '
    'hay está tu tus aquí',
    'fr': "le la les l' un une et s'il te plaît au aux du de des en à puis avec que quel quelle "
    'est ton ta tes ici',
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_WORD = re.compile(r"[^\W\d_]+'?")


def is_english(command: str) -> bool:
    """Whether a command has no more common words of another language than of English."""
    words = _WORD.findall(command.casefold())
    counts = {
        language: sum(word in common for word in words) for language, common in _WORDS.items()
    }
    return counts.pop('en') >= max(counts.values())

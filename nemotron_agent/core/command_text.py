"""What the wording of a command tells, without a model."""

import re

# Words that link one step to the next, in English, German, Spanish and French.
_LINKS = (
    *('and', 'then', 'after', 'afterwards', 'before', 'first', 'next', 'finally', 'twice'),
    *('und', 'dann', 'danach', 'anschließend', 'nachdem', 'bevor', 'zuerst', 'zweimal'),
    *('y', 'luego', 'después', 'antes', 'primero', 'finalmente'),
    *('et', 'puis', 'ensuite', 'après', 'avant', "d'abord", 'enfin'),
)
_LINK = re.compile(rf'\b(?:{"|".join(_LINKS)})\b', re.IGNORECASE)
_SENTENCE_END = re.compile(r'[.;!?]\s')
_QUOTED = re.compile(r'"[^"]*"|“[^”]*”|„[^“]*“|«[^»]*»')


def count_steps(command: str) -> int:
    """How many steps a command seems to have: the pieces between linking words and sentences.

    Commas part steps only beside a linking word ("a, b and c"), and what is quoted is one piece.
    """
    text = _QUOTED.sub('quote', command)
    parted = _SENTENCE_END.sub('\n', _LINK.sub('\n', text))
    if _LINK.search(text):
        parted = re.sub(r',\s', '\n', parted)
    return max(1, sum(bool(re.search(r'\w', piece)) for piece in parted.split('\n')))

"""Which commands teach something that a conversation must not lose: a rule on their wording."""

import re

MAX_FACTS = 16
MAX_FACT_CHARACTERS = 200

# English, German, Spanish, French. At the beginning: asked to remember, or a place is shown.
_OPENINGS = (
    *('remember', 'note', 'keep in mind', "don't forget", 'do not forget', 'never forget'),
    *('this is', 'here is', 'call me', 'call this', 'this place is', 'this room is'),
    *('merk', 'merke', 'denk daran', 'vergiss nicht', 'das hier ist', 'dies ist', 'hier ist'),
    *('recuerda', 'acuérdate', 'no olvides', 'esto es', 'este es', 'esta es', 'aquí está'),
    *('souviens-toi', 'rappelle-toi', "n'oublie pas", 'retiens', 'ici', 'voici'),
)
# Anywhere: a name is given.
_NAMES = (
    *('name is', 'is called', 'is named', 'mein name ist', 'ich heiße', 'heißt'),
    *('me llamo', 'nombre es', 'se llama', "m'appelle", "s'appelle", 'nom est'),
)
_POLITE = r'(?:(?:please|bitte|por favor|and|und|ok|okay)[\s,]+)*'
_FACT = re.compile(
    rf'^\W*{_POLITE}(?:{"|".join(_OPENINGS)})\b|\b(?:{"|".join(_NAMES)})\b', re.IGNORECASE
)


def is_fact(command: str) -> bool:
    """Whether a command teaches something: it says to remember, shows a place or gives a name."""
    return not command.rstrip().endswith('?') and bool(_FACT.search(command))

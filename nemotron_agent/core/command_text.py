"""What the wording of a command tells, without a model."""

import collections
import re
from collections.abc import Iterator

from nemotron_agent.core.number_words import NUMBER_WORDS

# Words that link one step to the next, in English, German, Spanish and French.
_LINKS = (
    *('and', 'adn', 'then', 'after', 'afterwards', 'before', 'first', 'next', 'finally'),
    *('und', 'dann', 'danach', 'anschließend', 'nachdem', 'bevor', 'zuerst'),
    *('y', 'luego', 'después', 'antes', 'primero', 'finalmente'),
    *('et', 'puis', 'ensuite', 'après', 'avant', "d'abord", 'enfin'),
)
_LINK = re.compile(rf'\b(?:{"|".join(_LINKS)})\b', re.IGNORECASE)
# To bring something is to go, to grasp, to go and to release.
_BRINGING = re.compile(
    r'\b(?:fetch|bring|carry|deliver|get|take|hole?|bringe?|trage?|liefer\w*'
    r'|trae|tráeme|lleva|busca|apporte|amène|cherche[rz]?)\b',
    re.IGNORECASE,
)
_SAME = re.compile(
    r'\b(?:same|again|once more|dasselbe|gleiche|nochmals?|noch ?mal|noch einmal|mismo|otra vez'
    r'|même|encore|de nouveau)\b',
    re.IGNORECASE,
)
# What stands for something that was named before, or for anything at all.
_END_OF_PHRASE = r'(?=\W*$|\W*(?:to|over|there|here|in|on|at|now|please|down|up|back|again)\b)'
_OPEN_REFERENCE = re.compile(
    r'\b(?:it|them|there|something|somewhere|somebody|someone|some|a bit|a little'
    r'|the (?:thing|other)'
    rf'|(?:that|this|those|these|one){_END_OF_PHRASE}'
    r'|es|ihn|dort(?:hin)?|dahin|etwas|irgend\w*|das ding|ein bisschen'
    r'|eso|esto|allí|allá|ahí|algo|un poco|\w+[aáeéií]l[oa]s?'
    r'|ça|cela|là(?:-bas)?|quelque chose|quelque part|un peu)\b|-(?:le|la|les)\b',
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r'\b(?:if|unless|otherwise|in case|whether|wenn|falls|sonst|ob|si|sinon)\b', re.IGNORECASE
)
# Two words or more between commas and ends of sentences.
_CLAUSE = re.compile(r'[^\s,.;!?]+\s+[^\s,.;!?]+[^,.;!?]*')
_SENTENCE_END = re.compile(r'[.;!?]\s')
_QUOTED = re.compile(r'"[^"]*"|“[^”]*”|„[^“]*“|«[^»]*»')
_TIMES = re.compile(
    r'\b(?:(?P<twice>twice(?! as\b))|(?P<thrice>thrice)'
    rf'|(?P<number>\d{{1,3}}|{"|".join(NUMBER_WORDS)})[\s-]*(?:times|mal|veces|fois))\b',
    re.IGNORECASE,
)
_AGAIN = re.compile(
    r'\b(?:(?:do (?:it|that|this|so) )?(?:again|once more|once again|one more time)'
    r'|(?:noch einmal|noch mal|nochmals?|nochmal|erneut)'
    r'|(?:otra vez|una vez más|de nuevo)|(?:encore une fois|encore|de nouveau))\b',
    re.IGNORECASE,
)
MAX_TIMES = 20


def count_steps(command: str) -> int:
    """How many steps a command seems to have: the pieces between linking words and sentences.

    Commas part steps only beside a linking word ("a, b and c"), and what is quoted is one piece.
    A piece that is wanted "twice" or "3 times" is as many steps.
    """
    return max(1, sum(times for _, times in _pieces(command)))


def most_steps(command: str, before: str | None = None) -> int:
    """How many calls a command may want at most; its wording does not tell all of them.

    Args:
        command: of the task.
        before: the command before it, whose steps "the same" stands for.
    """
    named = max(count_steps(command), len(_CLAUSE.findall(_QUOTED.sub('quote', command))))
    steps = named + 2 * len(_BRINGING.findall(command)) + is_conditional(command)
    return max(steps, most_steps(before)) if before and _SAME.search(command) else steps


def is_conditional(command: str) -> bool:
    """Whether a step of a command depends on what comes out before."""
    return _CONDITION.search(command) is not None


def leaves_open_what(command: str) -> bool:
    """Whether the first step of a command speaks of something that it does not name."""
    return _OPEN_REFERENCE.search(first_step(command)) is not None


def first_step(command: str) -> str:
    """The words of the first step, in lower case; all of a command that has one step."""
    pieces = [piece for piece, _ in _pieces(command)]
    return pieces[0] if len(pieces) > 1 else command


def times_wanted(command: str) -> int:
    """How often in a row a command may want one and the same step; at least 1.

    That is what it says of a step ("twice", "3 times", up to MAX_TIMES), or how often it names
    one ("turn left and turn left again").
    """
    counts: collections.Counter[str] = collections.Counter()
    for piece, times in _pieces(command):
        counts[piece] += times
    return min(MAX_TIMES, max(counts.values(), default=1))


def _pieces(command: str) -> Iterator[tuple[str, int]]:
    """The steps in order, in lower case without punctuation, and how often each is wanted."""
    quotes: list[str] = []

    def put_away(quote: re.Match[str]) -> str:
        quotes.append(quote[0])
        return f' quote{quotes.index(quote[0])} '

    text = _QUOTED.sub(put_away, command)
    parted = _SENTENCE_END.sub('\n', _LINK.sub('\n', text))
    if _LINK.search(text):
        parted = re.sub(r',\s', '\n', parted)
    last = ''
    for piece in parted.split('\n'):
        if not re.search(r'\w', piece):
            continue
        once = _AGAIN.sub(' ', piece)
        times = _TIMES.search(once)
        bare = ' '.join(re.findall(r'\w+', _TIMES.sub(' ', once).lower()))
        number = _number(times) if times else 1
        # "turn left and again" is the step before once more; "and wave, twice" is it altogether.
        if not bare and once == piece:
            number -= 1
        last = bare or last
        yield last, number


def _number(times: re.Match[str]) -> int:
    if times['twice'] or times['thrice']:
        return 2 if times['twice'] else 3
    word = times['number'].lower()
    return max(1, min(MAX_TIMES, int(word) if word.isdecimal() else NUMBER_WORDS[word]))

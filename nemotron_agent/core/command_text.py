"""What the wording of a command tells, without a model."""

import collections
import re
from collections.abc import Iterator

from nemotron_agent.core.number_words import NUMBER_WORDS
from nemotron_agent.core.step_order import in_order

# Words that link one step to the next, in English, German, Spanish and French.
_LINKS = (
    r'(?<!the )first(?! of)',
    *('and', 'adn', 'then', 'after', 'afterwards', 'before', 'next', 'finally'),
    *('und', 'dann', 'danach', 'anschließend', 'nachdem', 'bevor', 'zuerst'),
    *('y', 'luego', 'después', 'antes', 'primero', 'finalmente'),
    *('et', 'puis', 'ensuite', 'après', 'avant', "d'abord", 'enfin'),
)
_LINK = re.compile(rf'\b(?:{"|".join(_LINKS)})\b', re.IGNORECASE)
# To bring something is to go, to grasp, to go and to release.
_BRINGING = re.compile(
    r'\b(?:fetch|bring|carry|deliver|(?:get|take)(?! (?:an?|one|another|the) (?:\w+ )?'
    r'(?:look|photo|foto|picture|snapshot|video|measurement|reading|temperature|turn|bow)\b'
    r'| (?:up|hold|care|off|to)\b)|hole?|bringe?|trage?|liefer\w*'
    r'|trae|tráeme|lleva|busca|apporte|amène|cherche[rz]?)\b',
    re.IGNORECASE,
)
# What was done before is wanted once more, here or elsewhere.
_SAME = re.compile(
    r'\b(?:same|again|once more|likewise|do (?:it|that|this|so)|too|as well'
    r'|dasselbe|gleiche|nochmals?|noch ?mal|noch einmal|ebenso|auch'
    r'|mismo|otra vez|de nuevo|también|même|encore|de nouveau|aussi|pareil)\b',
    re.IGNORECASE,
)
# What was named before is meant.
_BACK = re.compile(
    r'\b(?:back|before|previous|earlier|return|first of|zurück|vorhin|vorher|vorige[nrs]?|wieder'
    r'|vuelve|volver|regresa|de vuelta|anterior|retourne|reviens|revenir|précédente?|avant)\b',
    re.IGNORECASE,
)
_UNDOING = re.compile(
    r'\b(?:undo|reverse (?:that|it|this)|mach \w+(?: \w+)? rückgängig|deshaz\w*|anula|annule[rz]?'
    r'|défais)\b',
    re.IGNORECASE,
)
_SAYING = re.compile(
    r'\b(?:say|tell|an+ounce|inform|let|know|send|text|message|report|pass|warn|ask|greet'
    r'|wish|welcome|thank|read|repeat|shout|whisper|speak|introduce|apologi[sz]e|remind|invite'
    r'|sage?|sagt|erzähle?|melde|informiere?|gib|schicke?|sende|warne?|frage?|begrüße?'
    r'|wünsche?|lies|teile?|kündige?|di|dile|diles|decir|anuncia|avisa|informa|manda|envía|saluda'
    r'|pregunta|pide|lee|repite|desea|dis|dites|annonce|préviens|informe|envoie|salue|demande|lis'
    r'|souhaite|répète|signale|transmets)\b',
    re.IGNORECASE,
)
_SOME_TEXT = re.compile(
    r'\b(?:messages?|announcements?|texts?|words?|speech|note'
    r'|nachricht|durchsage|ansage|rede|mensaje|anuncio|aviso|texto|annonce|texte|discours)\b',
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
_IFS = 'if|should (?:the|that|it|there|this)|in case|wenn|falls|si'
_CONDITION = re.compile(rf'\b(?:{_IFS}|unless|otherwise|whether|sonst|ob|sinon)\b', re.IGNORECASE)
# What is not to be done: "not the bar", "don't let go", "forget the workshop".
_NEGATED = re.compile(
    r"\b(?:(?<!why )don't|do not|not|never mind|forget|instead of|rather than|without"
    r"|nicht|vergiss|statt|anstatt|ohne|olvida|en vez de|en lugar de|sin|ne|n'|pas|oublie"
    r'|au lieu de?|sans)\b[^,.;!?]*',
    re.IGNORECASE,
)
_OTHERWISE = re.compile(r'\b(?:otherwise|else|sonst|si no|sinon)\b', re.IGNORECASE)
# "If the door is open, ..."
_CONDITION_CLAUSE = re.compile(rf'\b(?:{_IFS})\b[^,.;!?]*,', re.IGNORECASE)
_FAILING = re.compile(
    r"\b(?:fail\w*|not (?:work|possible)|n't work|cannot|can't|unable|blocked|impossible"
    r'|schief\w*|nicht (?:klapp\w*|geht|möglich)|blockiert|falla\w*|no puede\w*|bloqueado'
    r'|échou\w*|ne marche pas|bloquée?)\b',
    re.IGNORECASE,
)
# Words that look like a step and are none.
_POLITE = re.compile(
    r"\b(?:por favor|s'il (?:te|vous) pla[iî]t|if you please|my mistake|wrong (?:one|way)"
    r'|mein fehler|tut mir leid|lo siento|mi error|désolée?)\b',
    re.IGNORECASE,
)
# Two words or more between commas and ends of sentences.
_CLAUSE = re.compile(r'[^\s,.;!?]+\s+[^\s,.;!?]+[^,.;!?]*')
# "Three things, please: wave, bow and go to the door."
_HEADING = re.compile(r'^[^:.;!?"“„«]{8,40}:\s(?!\s*["“„«])')
_SENTENCE_END = re.compile(r'[.;!?]\s')
QUOTED = re.compile(r'"[^"]*"|“[^”]*”|„[^“]*“|«[^»]*»')
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


def most_steps(command: str) -> int:
    """How many calls a command may want at most; its wording does not tell all of them."""
    unconditional = _CONDITION_CLAUSE.sub(' ', without_negated(command))
    text = _POLITE.sub(' ', QUOTED.sub('quote', unconditional))
    named = max(count_steps(text), len(_CLAUSE.findall(text)))
    # Of what depends on conditions, only one thing is to be done.
    alternatives = max(1, _count_branches(command))
    return named + 2 * len(_BRINGING.findall(command)) - (alternatives - 1)


def without_negated(command: str) -> str:
    """A command without what it says is not to be done; all of it if nothing else is left."""
    text = _NEGATED.sub(' ', command)
    return text if re.search(r'\w', text) else command


def is_conditional(command: str) -> bool:
    """Whether a step of a command depends on what comes out before."""
    return _CONDITION.search(command) is not None


def wants_the_same(command: str) -> bool:
    """Whether a follow-up wants what was done before once more, here or elsewhere."""
    return _SAME.search(command) is not None


def wants_said(command: str) -> bool:
    """Whether a command wants something to be said or sent, in words of its own or quoted."""
    return _SAYING.search(command) is not None or QUOTED.search(command) is not None


def names_only_text(command: str) -> bool:
    """Whether a command speaks of a text to be said or sent, as if it were known."""
    return leaves_open_what(command) or _SOME_TEXT.search(command) is not None


def without_heading(command: str) -> str:
    """A command without what announces it: "Three things, please: ..."."""
    return _HEADING.sub('', command)


def undoes(command: str) -> bool:
    """Whether a follow-up wants what was done before to be undone."""
    return _UNDOING.search(command) is not None


def refers_back(command: str) -> bool:
    """Whether a follow-up may mean what was named before, without naming it."""
    return any(words.search(command) for words in (_SAME, _UNDOING, _BACK))


def wants_on_failure(command: str) -> bool:
    """Whether a command wants something only if a step of it fails."""
    return any(_FAILING.search(clause) for clause in _CONDITION_CLAUSE.findall(command))


def has_alternatives(command: str) -> bool:
    """Whether a command wants one thing or another, whatever a condition comes out as."""
    return _count_branches(command) > 1


def _count_branches(command: str) -> int:
    return len(_CONDITION_CLAUSE.findall(command)) + len(_OTHERWISE.findall(command))


def leaves_open_what(command: str) -> bool:
    """Whether the first step of a command speaks of something that it does not name."""
    return _OPEN_REFERENCE.search(first_step(command)) is not None


def first_step(command: str) -> str:
    """The words of the step to be done first, in lower case; all of a command that has one."""
    pieces = [piece for piece, _ in _pieces(in_order(command))]
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

    text = QUOTED.sub(put_away, command)
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

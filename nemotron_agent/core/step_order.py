"""The order in which a command wants its steps, where its words tell them in another.

"Before you go to the door, wave" is to wave first; so is "go to the door, but first wave".
"""

import re

# What comes before the step that is to be done later, at the start of a sentence.
_LATER_FIRST = (
    r'before (?:you )?|on (?:your|the) way to '
    r'|bevor (?:du )?|auf dem weg (?:zu[rm]?|nach|in die|ins?) '
    r'|antes de (?:que )?|de camino a(?:l| la)? |avant (?:de |d\'|que tu )'
    r'|en (?:chemin|route) vers '
)
# What comes before the step that is to be done sooner, after another one.
_BUT_SOONER = (
    r'but (?:first|before that|on (?:your|the) way(?: there)?)'
    r'|aber (?:zuerst|vorher|davor|auf dem weg(?: dorthin)?|unterwegs)'
    r'|pero (?:primero|antes|de camino|por el camino)'
    r'|mais (?:d\'abord|avant(?: cela)?|en chemin|en route)'
)
_BUT_ON_THE_WAY = (
    r'but (?P<first>[^.;!?]+?),? (?:first|before that|on (?:your|the) way(?: there)?)'
)
_ONCE = (
    r'(?:after|once|as soon as) (?=you\b|\w+ing\b)|nachdem (?=du\b)|sobald (?=du\b)'
    r'|después de (?=\w+[aei]r(?:te)?\b)|après (?=avoir\b|être\b)|une fois (?=que\b)|dès (?=que\b)'
)
_SENTENCE = r'[^.;!?]+'
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf'^(?:{_LATER_FIRST})(?P<later>[^,.;!?]+),\s*(?P<first>{_SENTENCE})',
        rf'^(?P<later>{_SENTENCE}?),?\s+(?:{_BUT_SOONER}),?\s+(?P<first>{_SENTENCE})',
        rf'^(?P<later>{_SENTENCE}?),?\s+{_BUT_ON_THE_WAY}(?=\W*$|[.;!?])',
        rf'^(?P<later>(?:(?!\b(?:and|then)\b)[^.,;!?])+?)\s+(?:{_ONCE})(?P<first>{_SENTENCE})',
    )
)


def in_order(command: str) -> str:
    """A command with its first sentence's steps in the order in which they are to be done."""
    text = command.strip()
    for form in _FORMS:
        match = form.search(text)
        if match:
            return f'{match["first"].strip()}, then {match["later"].strip()}{text[match.end() :]}'
    return command

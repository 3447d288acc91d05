"""What is wrong with a YAML document, said so that a person can mend it."""

import dataclasses
import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pydantic
from pydantic_core import ErrorDetails, PydanticCustomError

from nemotron_agent.core.errors import DocumentError
from nemotron_agent.core.yaml_document import KeyPath, YamlDocument

MAX_PROBLEMS = 10
MISSING = 'this key is missing'

KeysOf = Mapping[str, list[str]]
"""The keys known under a key; under '' those of the top level."""

# pydantic's kinds of error in our words: what the value is, and what to do.
IN_OUR_WORDS = {
    'string_type': ('is no text', 'put quotes around values such as 1.0, yes, no, on, off'),
    'bool_type': ('is neither true nor false', 'write true or false'),
    'int_type': ('is no whole number', 'write a number such as 3'),
    'int_from_float': ('is no whole number', 'write a number such as 3'),
    'float_type': ('is no number', 'write a number such as 3.5'),
    'float_parsing': ('is no number', 'write a number such as 3.5'),
    'finite_number': ('is not finite', 'write a finite number'),
    'dict_type': ('has no keys', 'write "key: value" lines under it'),
    'model_type': ('has no keys', 'write "key: value" lines under it'),
    'tuple_type': ('is no list', 'write a list, such as [a, b]'),
    'string_too_short': ('is empty', 'write something or remove the key'),
    'too_short': ('is empty', 'add a value'),
    'greater_than': ('is too small: it must be over {gt:g}', 'raise it'),
    'greater_than_equal': ('is too small: it must be {ge:g} at least', 'raise it'),
    'less_than_equal': ('is too large: it must be {le:g} at most', 'lower it'),
}


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing wrong: the keys that lead to it, what it is, and what to do."""

    keys: KeyPath
    message: str
    remedy: str


def misuse(message: str, remedy: str, *keys: str | int) -> PydanticCustomError:
    """Make the error a validator raises; `keys` lead on from the validated model."""
    context: dict[str, Any] = {'what': message, 'remedy': remedy, 'keys': keys}
    return PydanticCustomError('misuse', '{what}', context)


def near_miss(word: str, words: Iterable[str]) -> str:
    """Say which of the words was perhaps meant, or list them."""
    known = [str(item) for item in words]
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f'did you mean {near[0]}?'
    return f'use one of: {", ".join(known)}' if known else 'remove it'


def shown(value: object, limit: int = 60) -> str:
    """Give a value as it looks in a file, cut where it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= limit else text[: limit - 1] + '…'


def problems_of(error: pydantic.ValidationError, keys_of: KeysOf) -> list[Problem]:
    """Put pydantic's findings into our words."""
    found = [_problem_of(detail, keys_of) for detail in error.errors(include_url=False)]
    mistyped = {
        (*problem.keys[:-1], problem.remedy.removeprefix('did you mean ').rstrip('?'))
        for problem in found
        if problem.remedy.startswith('did you mean')
    }
    return [p for p in found if p.message != MISSING or p.keys not in mistyped]


def _problem_of(detail: ErrorDetails, keys_of: KeysOf) -> Problem:
    keys: KeyPath = tuple(detail['loc'])
    context = detail.get('ctx', {})
    if detail['type'] == 'misuse':
        return Problem((*keys, *context['keys']), context['what'], context['remedy'])
    if detail['type'] == 'extra_forbidden':
        siblings = _siblings(keys, keys_of)
        return Problem(keys, 'this key is not known', near_miss(str(keys[-1]), siblings))
    if detail['type'] == 'missing':
        return Problem(keys, MISSING, 'add it')
    if detail['type'] == 'literal_error':
        allowed = str(context['expected']).replace("'", '').replace(' or ', ', ').split(', ')
        given = detail['input']
        return Problem(
            keys, f'{shown(given)} is not one of the values', near_miss(str(given), allowed)
        )
    message, remedy = IN_OUR_WORDS.get(detail['type'], (detail['msg'], 'correct it'))
    return Problem(keys, f'{shown(detail["input"])} {message.format(**context)}', remedy)


def _siblings(keys: Sequence[str | int], keys_of: KeysOf) -> list[str]:
    """Find the keys that are known beside the last one."""
    for key in reversed(keys[:-1]):
        if key in keys_of:
            return keys_of[str(key)]
    return keys_of['']


def key_text(keys: KeyPath) -> str:
    """Write a key path as `parameters.in[0].name`."""
    text = ''
    for key in keys:
        text += f'[{key}]' if isinstance(key, int) else f'.{key}' if text else key
    return text


def document_error(document: YamlDocument, problems: Sequence[Problem]) -> DocumentError:
    """Make one error of all problems, each with its file, line, key, and whose key it is."""
    lines = [_line_of(document, problem) for problem in problems[:MAX_PROBLEMS]]
    if len(problems) > MAX_PROBLEMS:
        lines.append(f'... and {len(problems) - MAX_PROBLEMS} more')
    return DocumentError('\n'.join(lines))


def _line_of(document: YamlDocument, problem: Problem) -> str:
    known = document.known_path(problem.keys)
    named = known
    if problem.keys and problem.keys[-1] not in known[-1:] and problem.message == MISSING:
        named = (*known, problem.keys[-1])
    where = f'{document.source}:{document.line(known)}'
    if len(named) >= 2 and named[0] == 'skills' and isinstance(named[1], int):
        where += f': {_skill_name(document.data, named[1])}'
        named = named[2:]
    key = key_text(named)
    return ': '.join(part for part in (where, key, problem.message, problem.remedy) if part)


def _skill_name(data: Any, index: int) -> str:
    try:
        return f'skill "{data["skills"][index]["id"]}"'
    except (KeyError, IndexError, TypeError):
        return f'skill number {index + 1}'

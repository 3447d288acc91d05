"""Phrases that call a skill without the model, from a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic
from pydantic import Field

from nemotron_agent.core.argument_schemas import ArgumentSchemas
from nemotron_agent.core.document_model import DocumentModel, Scalar, Text
from nemotron_agent.core.problems import (
    Problem,
    document_error,
    misuse,
    near_miss,
    problems_of,
    shown,
)
from nemotron_agent.core.spoken_text import Words, words_of
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.core.yaml_document import YamlDocument

MAX_CHARACTERS = 200
KEYS_OF = {'': ['phrases'], 'phrases': ['say', 'skill', 'arguments']}


class PhraseEntry(DocumentModel):
    """What may be said, and the call that it makes."""

    say: tuple[str, ...] = Field(min_length=1)
    skill: Text
    arguments: dict[str, Scalar] = Field(default_factory=dict)

    @pydantic.field_validator('say')
    @classmethod
    def _have_words(cls, say: tuple[str, ...]) -> tuple[str, ...]:
        for index, phrase in enumerate(say):
            if not words_of(phrase) or len(phrase) > MAX_CHARACTERS:
                remedy = f'write words, {MAX_CHARACTERS} characters at most'
                raise misuse(f'{shown(phrase)} is nothing to say', remedy, index)
        return say


class PhrasesFile(DocumentModel):
    """All phrases; none may be given twice."""

    phrases: tuple[PhraseEntry, ...]

    @pydantic.field_validator('phrases')
    @classmethod
    def _are_different(cls, phrases: tuple[PhraseEntry, ...]) -> tuple[PhraseEntry, ...]:
        said: dict[Words, int] = {}
        for index, entry in enumerate(phrases):
            for at, phrase in enumerate(entry.say):
                if said.setdefault(words_of(phrase), index) != index:
                    raise misuse(
                        f'{shown(phrase)} is given for two skills', 'remove one', index, 'say', at
                    )
        return phrases


Phrases = Mapping[Words, PhraseEntry]
"""The entry of each phrase, by its words."""


def phrase_in(text: str, phrases: Phrases) -> PhraseEntry | None:
    """The entry that a command is exactly, but for case, punctuation and spaces."""
    return phrases.get(words_of(text)) if len(text) <= MAX_CHARACTERS else None


def load_phrases(path: Path, skills: Sequence[ToolSpec], *, drop_unfit: bool = False) -> Phrases:
    """Read phrases for these skills.

    Args:
        path: of the file.
        skills: what may be called.
        drop_unfit: leave out what calls none of the skills, or calls one wrongly.

    Raises:
        DocumentError: with the file, line and key of all that is wrong.
    """
    document = YamlDocument.load(path)
    data: Any = document.data
    if not isinstance(data, dict):
        problem = Problem((), 'this is no file of phrases', 'begin with "phrases:"')
        raise document_error(document, [problem])
    try:
        content = PhrasesFile.model_validate(data)
    except pydantic.ValidationError as error:
        raise document_error(document, problems_of(error, KEYS_OF)) from error
    schemas = ArgumentSchemas(skills)
    names = [spec.name for spec in skills]
    problems: list[Problem] = []
    phrases: dict[Words, PhraseEntry] = {}
    for index, entry in enumerate(content.phrases):
        if entry.skill not in names:
            told = f'there is no skill "{entry.skill}"'
            remedy = near_miss(entry.skill, names)
            problems.append(Problem(('phrases', index, 'skill'), told, remedy))
        elif misfit := schemas.misfit(entry.skill, entry.arguments):
            keys = ('phrases', index, 'arguments')
            problems.append(Problem(keys, misfit.rstrip('.'), 'correct them'))
        else:
            phrases |= {words_of(phrase): entry for phrase in entry.say}
    if problems and not drop_unfit:
        raise document_error(document, problems)
    return phrases

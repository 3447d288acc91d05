"""Words that stop the robot, and the rule by which an utterance is one."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pydantic

from nemotron_agent.core.document_model import DocumentModel
from nemotron_agent.core.problems import Problem, document_error, misuse, problems_of, shown
from nemotron_agent.core.spoken_text import Words, clauses_of, without_accents, words_of
from nemotron_agent.core.yaml_document import YamlDocument

MAX_CHARACTERS = 64
MAX_LOOKED_AT = 4096
KEYS_OF = {'': ['languages'], 'languages': ['stop', 'alone', 'goal', 'filler']}


class Vocabulary(DocumentModel):
    """The words of one language; see config/stop_words.yaml."""

    stop: tuple[str, ...]
    alone: tuple[str, ...] = ()
    goal: tuple[str, ...] = ()
    filler: tuple[str, ...] = ()

    @pydantic.field_validator('stop', 'alone', 'goal', 'filler')
    @classmethod
    def _have_words(cls, phrases: tuple[str, ...]) -> tuple[str, ...]:
        for index, phrase in enumerate(phrases):
            if not words_of(phrase) or len(phrase) > MAX_CHARACTERS:
                remedy = f'write words, {MAX_CHARACTERS} characters at most'
                raise misuse(f'{shown(phrase)} is nothing to say', remedy, index)
        return phrases


class StopWordsFile(DocumentModel):
    """Vocabularies by language."""

    languages: dict[str, Vocabulary]

    @pydantic.field_validator('languages')
    @classmethod
    def _can_stop(cls, languages: Mapping[str, Vocabulary]) -> Mapping[str, Vocabulary]:
        if not any(vocabulary.stop for vocabulary in languages.values()):
            raise misuse('no language has a word under "stop"', 'give one at least')
        return languages


class StopWords:
    """Tells what is said to stop the robot, by one rule for all languages together.

    1. A clause (what is between marks of punctuation) of nothing but stop words and fillers stops:
       "please stop now", "no, wait, stop!".
    2. An utterance that begins with a stop word, after fillers, stops: "stop you hit the wall".
       But not if a goal follows at once: "stop at the door" is a command.
    3. A stop word twice in a row stops: "back stop stop".

    Of a transcript that is not complete, 2 holds with a goal too, as nobody knows what is to come.
    """

    def __init__(self, vocabularies: Iterable[Vocabulary]) -> None:
        every = tuple(vocabularies)
        self._stop = _phrases(phrase for one in every for phrase in one.stop)
        self._alone = _phrases(phrase for one in every for phrase in one.alone)
        self._goal = _phrases(phrase for one in every for phrase in one.goal)
        self._filler = _phrases(phrase for one in every for phrase in one.filler)

    def stop_in(self, text: str, *, partial: bool = False) -> str:
        """The words of `text` that stop the robot; empty if it does not.

        Args:
            text: what was said; of a longer one the first MAX_LOOKED_AT characters count.
            partial: more may follow.
        """
        clauses = [without_accents(clause) for clause in clauses_of(text[:MAX_LOOKED_AT])]
        for clause in clauses:
            if self._is_nothing_but_stop(clause):
                return ' '.join(clause)
        spoken = tuple(word for clause in clauses for word in clause)
        begun = next((rest for clause in clauses if (rest := self._after_fillers(clause))), ())
        found = _longest(self._stop, begun)
        if found:
            rest = begun[found:]
            if partial or not _longest(self._goal, rest) or _longest(self._filler, rest):
                return ' '.join(begun[:found])
        return self._said_twice(spoken)

    def _is_nothing_but_stop(self, words: Words) -> bool:
        stops = False
        while words:
            stop = max(_longest(self._stop, words), _longest(self._alone, words))
            length = stop or _longest(self._filler, words)
            if not length:
                return False
            stops = stops or stop > 0
            words = words[length:]
        return stops

    def _after_fillers(self, words: Words) -> Words:
        while words and not _longest(self._stop, words):
            length = _longest(self._filler, words)
            if not length:
                break
            words = words[length:]
        return words

    def _said_twice(self, words: Words) -> str:
        for start in range(len(words)):
            length = _longest(self._stop, words[start:])
            first = words[start : start + length]
            if length and first == words[start + length : start + 2 * length]:
                return ' '.join(first * 2)
        return ''


def load_stop_words(path: Path) -> StopWords:
    """Read the words of a file.

    Raises:
        DocumentError: with the file, line and key of all that is wrong.
    """
    document = YamlDocument.load(path)
    data: Any = document.data
    if not isinstance(data, dict):
        problem = Problem((), 'this is no file of stop words', 'begin with "languages:"')
        raise document_error(document, [problem])
    try:
        content = StopWordsFile.model_validate(data)
    except pydantic.ValidationError as error:
        raise document_error(document, problems_of(error, KEYS_OF)) from error
    return StopWords(content.languages.values())


def _phrases(phrases: Iterable[str]) -> frozenset[Words]:
    return frozenset(without_accents(words_of(phrase)) for phrase in phrases)


def _longest(phrases: frozenset[Words], words: Words) -> int:
    """Words of the longest phrase that `words` begin with; 0 if there is none."""
    longest = max(map(len, phrases), default=0)
    for length in range(min(longest, len(words)), 0, -1):
        if words[:length] in phrases:
            return length
    return 0

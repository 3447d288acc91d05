"""How a model replies: found once, from its vocabulary and template."""

import dataclasses
from typing import Protocol

import llguidance

from nemotron_agent.core.chat_model import ReplyProtocol
from nemotron_agent.llm.call_grammar import CallGrammar
from nemotron_agent.llm.chat_template import ChatTemplate
from nemotron_agent.llm.grammar_text import Marker
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat
from nemotron_agent.llm.vocabulary import Vocabulary


@dataclasses.dataclass(frozen=True)
class ReplyRules:
    """How a model replies; the same for all its replies.

    Attributes:
        call_begin: the special token that begins a call, None if it is several tokens.
        think_begin: likewise for reasoning; None if the model does not reason.
        think_end: what ends reasoning.
        markup: special tokens that are no text for people.
    """

    protocol: ReplyProtocol
    tool_format: ToolFormat
    grammar: CallGrammar
    vocabulary: Vocabulary
    call_begin: int | None
    think_begin: int | None
    think_end: int | None
    markup: frozenset[int]


class ModelVocabulary(Vocabulary, Protocol):
    """What the rules are found from."""

    @property
    def grammar_tokenizer(self) -> 'llguidance.LLTokenizer':
        """The vocabulary as llguidance wants it."""

    def single_token(self, text: str) -> int | None:
        """The one special token that `text` is, or None if it takes several."""


def reply_rules(
    vocabulary: ModelVocabulary,
    template: ChatTemplate,
    tool_format: ToolFormat,
    protocol: ReplyProtocol,
) -> ReplyRules:
    """Find the rules of a loaded model."""
    begin = Marker(tool_format.call_begin, vocabulary.single_token(tool_format.call_begin))
    end = Marker(tool_format.call_end, vocabulary.single_token(tool_format.call_end))
    think_begin = vocabulary.single_token('<think>')
    think_end = vocabulary.single_token('</think>')
    reasons = template.knows_thinking and think_begin is not None and think_end is not None
    return ReplyRules(
        protocol=protocol,
        tool_format=tool_format,
        grammar=CallGrammar(vocabulary.grammar_tokenizer, tool_format, begin, end),
        vocabulary=vocabulary,
        call_begin=begin.token,
        think_begin=think_begin if reasons else None,
        think_end=think_end if reasons else None,
        markup=frozenset(
            token for token in (begin.token, end.token, think_begin, think_end) if token
        ),
    )


def choose_protocol(name: str, tool_format: ToolFormat) -> ReplyProtocol:
    """The protocol of a name; `auto` is native for the format of models trained for it."""
    if name == 'auto':
        return ReplyProtocol.NATIVE if tool_format.name == 'nemotron' else ReplyProtocol.CALL_ONLY
    return ReplyProtocol(name)

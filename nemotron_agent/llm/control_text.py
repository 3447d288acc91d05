"""Text of others, made unable to speak with the model's control tokens."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from nemotron_agent.core.json_text import encodable


class ControlText:
    """Breaks up the texts of special tokens, so that content stays content.

    Args:
        special_texts: texts the tokenizer takes as one special token, and others that are not to
            be written by anybody else.
    """

    def __init__(self, special_texts: Iterable[str]) -> None:
        texts = {text for text in special_texts if len(text) > 1 and not text.isspace()}
        longest_first = sorted(texts, key=lambda text: (-len(text), text))
        pattern = '|'.join(map(re.escape, longest_first))
        self._pattern = re.compile(pattern) if texts else None

    def neutral(self, text: str) -> str:
        """Put a space after the first character of each special text; replace bad Unicode."""
        text = encodable(text)
        while self._pattern is not None and self._pattern.search(text):
            text = self._pattern.sub(lambda match: f'{match[0][0]} {match[0][1:]}', text)
        return text

    def neutral_value(self, value: Any) -> Any:
        """The same for every string in a JSON value, which is copied into plain containers."""
        if isinstance(value, str):
            return self.neutral(value)
        if isinstance(value, Mapping):
            return {self.neutral(str(k)): self.neutral_value(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.neutral_value(item) for item in value]
        return value

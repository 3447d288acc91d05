"""Free text as it comes, watched for the wish to call."""

import codecs

from nemotron_agent.llm.tool_formats.tool_format import Dress, ToolFormat


class FreeText:
    """Decides what of a reply may be shown, and whether it is a call after all.

    A reply that begins as a call in another dress, such as bare JSON or a code fence, counts as
    a call; so does the text of the call's beginning, for a model that has no token for it.

    Attributes:
        call_position: position in the token log where the call begins; None while there is none.
        has_words: whether there was more than white space.
    """

    def __init__(self, tool_format: ToolFormat, position: int, *, watch: bool) -> None:
        self.call_position: int | None = None
        self.has_words = False
        self._format = tool_format
        self._watch = watch
        self._undecided = watch
        self._decoder = codecs.getincrementaldecoder('utf-8')('replace')
        self._text = ''
        self._shown = 0
        self._positions = [(0, position)]

    def take(self, piece: bytes, position: int) -> str:
        """Take a token's bytes and the position after it; return what may be shown now."""
        self._text += self._decoder.decode(piece)
        self._positions.append((len(self._text), position))
        self.has_words = self.has_words or bool(self._text.strip())
        if self._watch:
            self._look_for_call()
        if self.call_position is not None or self._undecided:
            return ''
        return self._show(len(self._text) - self._held())

    def finish(self) -> str:
        """Return what is left to show."""
        self._text += self._decoder.decode(b'', final=True)
        return self._show(len(self._text))

    def _look_for_call(self) -> None:
        marker = self._text.find(self._format.call_begin)
        if marker >= 0:
            self.call_position = self._position_of(marker)
        elif self._undecided:
            dress = self._format.dress(self._text)
            self._undecided = dress is Dress.UNDECIDED
            if dress is Dress.CALL:
                first = len(self._text) - len(self._text.lstrip())
                self.call_position = self._position_of(first)

    def _position_of(self, index: int) -> int:
        """Position before the token that wrote the character at `index`."""
        return [position for length, position in self._positions if length <= index][-1]

    def _held(self) -> int:
        """How much of the end may be the beginning of a call's beginning."""
        begin = self._format.call_begin
        longest = min(len(begin) - 1, len(self._text)) if self._watch else 0
        for length in range(longest, 0, -1):
            if self._text.endswith(begin[:length]):
                return length
        return 0

    def _show(self, end: int) -> str:
        text = self._text[self._shown : end]
        self._shown = max(end, self._shown)
        return text

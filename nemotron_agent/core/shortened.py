"""Texts made shorter, with a mark where something is missing."""

_LEFT_OUT = ' [... {count} characters left out ...] '
_REST = ' [...]'
LINE_CHARACTERS = 80


def shortened(text: str, max_characters: int) -> str:
    """Keep so many characters of a long text, head and tail; a mark says how much is gone."""
    gone = len(text) - max_characters
    mark = _LEFT_OUT.format(count=gone)
    if gone <= len(mark):
        return text
    tail = max_characters // 2
    head = max_characters - tail
    return f'{text[:head].rstrip()}{mark}{text[len(text) - tail :].lstrip()}'


def one_line(text: str) -> str:
    """The beginning of a text, at most a line; it ends with a mark if that is not all."""
    first = text.strip().partition('\n')[0]
    if len(first) > LINE_CHARACTERS:
        first = first[:LINE_CHARACTERS].rstrip()
    line = f'{first}{_REST}'
    return line if len(line) < len(text) else text

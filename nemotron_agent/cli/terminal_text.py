"""Text from others, made safe for a terminal."""

from rich.text import Text


def plain(text: str, style: str = '') -> Text:
    """Text that cannot steer the terminal: what was said may hold anything."""
    return Text(''.join(c if c.isprintable() or c == '\n' else '\ufffd' for c in text), style)

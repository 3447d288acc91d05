import pytest

from nemotron_agent.llm.free_text import FreeText
from nemotron_agent.llm.tool_formats import TOOL_FORMATS


def taken(*pieces, watch=True):
    """Feed pieces, one token each, from position 100 on."""
    text = FreeText(TOOL_FORMATS['hermes'], 100, watch=watch)
    shown = []
    for index, piece in enumerate(pieces):
        data = piece if isinstance(piece, bytes) else piece.encode()
        shown.append(text.take(data, 101 + index))
        if text.call_position is not None:
            break
    return text, shown


def test_plain_text_shows_at_once():
    text, shown = taken('The', ' robot', ' is here.')
    assert shown == ['The', ' robot', ' is here.']
    assert text.finish() == ''


@pytest.mark.parametrize(
    ('pieces', 'position'),
    [
        (['{'], 100),
        (['\n', '\n', ' [', '1'], 102),
        (['``', '`json'], 100),
        (['<', 'function'], 100),
        (['\n<', 'function'], 100),
    ],
)
def test_a_call_in_another_dress_begins_where_its_first_token_does(pieces, position):
    text, shown = taken(*pieces)
    assert text.call_position == position
    assert not ''.join(shown)


def test_what_only_looked_like_a_dress_is_shown_later():
    text, shown = taken('<', 'b', '>')
    assert shown == ['', '<b', '>']
    assert text.call_position is None


def test_the_calls_own_text_is_found_within_the_text_and_never_shown():
    text, shown = taken('I go. ', '<tool', '_c', 'all>\n')
    assert text.call_position == 101
    assert ''.join(shown) == 'I go. '


def test_without_tools_nothing_is_a_call():
    text, shown = taken('{', '<tool_call>', watch=False)
    assert text.call_position is None
    assert ''.join(shown) == '{<tool_call>'


def test_characters_split_over_tokens_show_whole():
    data = 'ü😀'.encode()
    _, shown = taken(*(data[i : i + 1] for i in range(len(data))))
    assert ''.join(shown) == 'ü😀'
    assert all('\ufffd' not in part for part in shown)


def test_half_a_character_at_the_end_is_replaced():
    text, _ = taken('a', b'\xf0\x9f')
    assert text.finish() == '\ufffd'


def test_white_space_is_no_word():
    text, _ = taken('\n', ' ')
    assert not text.has_words
    assert text.finish() == '\n '

import numpy as np
import pytest

from nemotron_agent.core.messages import ToolCall
from nemotron_agent.llm.call_certainty import Branches
from nemotron_agent.llm.quantities import with_units
from nemotron_agent.llm.tool_formats.hermes import HermesFormat
from nemotron_agent.llm.tool_formats.nemotron import NemotronFormat
from nemotron_agent.testing.robot_tools import tool

GO = with_units(
    tool(
        'go',
        'Go somewhere.',
        ('place', 'far', 'slow', 'why'),
        place={'type': 'string', 'enum': ['dock', 'küche', 'kitchen']},
        far={'type': 'number', 'unit': 'm'},
        slow={'type': 'boolean'},
        why={'type': 'string'},
    )
)
CALL = ToolCall('1', 'go', {'place': 'küche', 'far': '0.8 m', 'slow': True, 'why': 'a "place": 1'})


class Pieces:
    """A vocabulary of listed pieces."""

    def __init__(self, *pieces):
        self.pieces = [piece.encode() for piece in pieces]

    def piece(self, token, special=True):
        return self.pieces[token]


def certainty(tool_format, *choices, call=CALL):
    """Certainty of a call with choices in it: what is before each, and what might have come."""
    text = tool_format().call_text(call)
    branches = Branches(Pieces(*(piece for _, pieces in choices for piece in pieces)))
    first = 0
    for before, pieces in choices:
        position = len(text[: text.index(before) + len(before)].encode())
        tokens = np.arange(first, first + len(pieces))
        logits = np.full(first + len(pieces), -50.0)
        logits[tokens] = np.log(list(pieces.values()))
        branches.add(position, tokens, logits)
        first += len(pieces)
    return branches.certainty(text, call, GO, tool_format())


@pytest.mark.parametrize('tool_format', [HermesFormat, NemotronFormat])
def test_of_tool_and_values(tool_format):
    text = tool_format().call_text(CALL)
    before = {part: text[: text.index(part)][-12:] for part in ('go', 'küche', '0.8')}
    before['true'] = text[: text.index('true')][-12:]
    found = certainty(
        tool_format,
        (before['go'], {'g': 0.5, 'go': 0.3, 'stop': 0.2}),
        (before['küche'], {'k': 0.6, 'kü': 0.3, 'dock': 0.1}),
        (before['küche'] + 'k', {'ü': 0.5, 'i': 0.5}),
        (before['0.8'], {'0': 0.9, '8': 0.1}),
        (before['0.8'] + '0', {'.': 0.2, ' m': 0.8}),
        (before['true'], {'true': 0.7, 'false': 0.3}),
    )
    assert found.tool == pytest.approx(0.8)
    assert found.arguments == {
        'place': pytest.approx(0.9 * 0.5),
        'far': pytest.approx(0.9),
        'slow': pytest.approx(0.7),
    }


@pytest.mark.parametrize('tool_format', [HermesFormat, NemotronFormat])
def test_what_was_forced_is_certain(tool_format):
    found = certainty(tool_format)
    assert (found.tool, set(found.arguments.values())) == (1.0, {1.0})


def test_a_token_with_the_blank_before_a_value_counts():
    found = certainty(HermesFormat, ('"slow":', {' true': 0.7, ' false': 0.3}))
    assert found.arguments['slow'] == pytest.approx(0.7)


def test_where_text_is_free_there_is_no_choice():
    branches = Branches(Pieces())
    branches.add(0, np.arange(5000), np.zeros(5000))
    text = HermesFormat().call_text(CALL)
    assert branches.certainty(text, CALL, GO, HermesFormat()).tool == 1.0

import dataclasses

import pytest

from nemotron_agent.cli.benches import soak
from nemotron_agent.cli.benches.sides.soak_process import parted_calls
from nemotron_agent.cli.benches.soak import of_subject, rss_growth
from nemotron_agent.core.builtin_tools import ANSWER
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.testing.robot_tools import STOP

CALL = Message('assistant', '', tool_call=ToolCall('1', 'stop', {}))
RESULT = Message('tool', 'It succeeded.', tool_name='stop')
TOOLS = (STOP, ANSWER.spec)


def test_a_call_belongs_to_the_result_after_it():
    assert parted_calls([Message('user', 'stop'), CALL, RESULT], TOOLS) == 0
    assert parted_calls([Message('user', 'stop'), CALL], TOOLS) == 1
    assert parted_calls([Message('user', 'stop'), RESULT], TOOLS) == 1
    assert parted_calls([CALL, dataclasses.replace(RESULT, tool_name='turn')], TOOLS) == 1


def test_a_call_that_ends_the_turn_has_no_result():
    answer = Message('assistant', '', tool_call=ToolCall('1', 'answer', {'text': 'Done.'}))
    assert parted_calls([Message('user', 'stop'), answer, Message('user', 'go')], TOOLS) == 0


def test_growth_is_taken_from_the_hundredth_turn_on():
    assert rss_growth([50] * 100 + [100] * 100 + [102] * 20) == pytest.approx(0.02)
    assert rss_growth([100, 100]) == 0


def test_a_short_soak(tiny, progress):
    figures = {f.figure: f for f in of_subject(tiny, progress, turns=12, seed=3)}
    assert figures['soak.turns_over_window.hybrid'].value == 0
    assert figures['soak.parted_calls.hybrid'].value == 0
    assert figures['soak.compactions.hybrid'].value > 0
    assert figures['soak.kept_turns.hybrid'].value > 0
    assert 'soak.rss_growth.hybrid' in figures


def test_a_soak_that_dies_is_an_error(tiny, progress, tmp_path):
    parameters = dataclasses.replace(tiny.parameters, model_path=tmp_path / 'none.gguf')
    subject = dataclasses.replace(tiny, parameters=parameters)
    with pytest.raises(EvaluationError, match='the process that soaks has failed'):
        list(soak.of_subject(subject, progress, turns=1, seed=1))

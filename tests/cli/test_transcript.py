import io

import pytest
from rich.console import Console

pytest.importorskip('nemotron_agent_interfaces')

from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.msg import TaskStats

from nemotron_agent.cli.transcript import Transcript

PHASES = ExecuteTask.Feedback


def transcript_of(*feedbacks, **result):
    out = io.StringIO()
    transcript = Transcript(Console(file=out, width=100, highlight=False), PHASES)
    transcript.begin('go [bold]now[/]')
    for feedback in feedbacks:
        transcript.feedback(PHASES(**feedback))
    stats = TaskStats(new_tokens=12, reused_tokens=30, generated_tokens=5, tokens_per_sec=10.0)
    transcript.end(ExecuteTask.Result(stats=stats, **result))
    return out.getvalue()


def test_what_people_see_of_a_task():
    text = transcript_of(
        {'phase': PHASES.CALLING, 'tool': 'go_to', 'arguments': '{"place": "dock"}'},
        {'phase': PHASES.RESULT, 'tool': 'go_to', 'text': 'at the dock'},
        {'phase': PHASES.CALLING, 'tool': 'answer', 'arguments': '{}'},
        {'phase': PHASES.ANSWERING, 'text': 'I am '},
        {'phase': PHASES.ANSWERING, 'text': 'there.'},
        answer='I am there.',
    )
    assert '> go [bold]now[/]' in text, 'markup in a command is text'
    assert 'call     go_to {"place": "dock"}' in text
    assert 'result   at the dock' in text
    assert text.count('I am there.') == 1
    assert 'answer {}' not in text
    assert 'read 12 tokens (30 known already), wrote 5 at 10.0/s' in text


def test_pieces_that_the_result_overtook_are_shown():
    text = transcript_of({'phase': PHASES.ANSWERING, 'text': 'I am '}, answer='I am there.')
    assert 'answer   I am there.' in text


def test_an_answer_that_was_not_streamed_is_shown_whole():
    assert 'answer   All done.' in transcript_of(answer='All done.')


def test_thinking_is_its_own_line():
    text = transcript_of(
        {'phase': PHASES.THINKING, 'text': 'let me see'},
        {'phase': PHASES.ANSWERING, 'text': 'Yes.'},
    )
    assert 'thinking let me see\n' in text


def test_an_error_is_shown():
    assert 'ended    the time is over' in transcript_of(error_msg='the time is over')


def test_left_out_turns_are_shown():
    text = transcript_of({'phase': PHASES.COMPACTED, 'text': '2 oldest turns left out'})
    assert 'context  2 oldest turns left out' in text

from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.progress_note import ALL_DONE, progress_note

GO = ToolCall('1', 'navigate_to', {'place': 'kitchen'})
GRASP = ToolCall('2', 'grasp', {})


def test_what_is_left_is_told_with_the_command():
    note = progress_note('go to the kitchen and grasp the cup', [GO])
    assert 'The command was: "go to the kitchen and grasp the cup"' in note
    assert 'Done so far: navigate_to kitchen.' in note


def test_that_all_is_done_is_told():
    assert progress_note('go to the kitchen', [GO]) == ALL_DONE
    assert progress_note('go to the kitchen and grasp the cup', [GO, GRASP]) == ALL_DONE

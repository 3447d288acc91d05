from nemotron_agent.sim.goal_record import REMEMBERED, EndedGoal, GoalRecord
from nemotron_agent.sim.robot_state import RobotState


def test_a_state_survives_its_json(simulation):
    record = GoalRecord()
    record.end(record.begin('spin'), 'canceled')
    record.begin('gripper_cmd')
    state = RobotState.of(simulation, record, 'grüß Gott')
    assert RobotState.from_json(state.to_json()) == state
    assert state.place == 'dock'
    assert state.said == 'grüß Gott'
    assert state.active_goals == ('gripper_cmd',)
    assert state.ended_goals == (EndedGoal(1, 'spin', 'canceled'),)


def test_only_the_last_goals_are_remembered():
    record = GoalRecord()
    for _ in range(REMEMBERED + 5):
        record.end(record.begin('spin'), 'succeeded')
    assert [goal.number for goal in record.ended] == list(range(6, REMEMBERED + 6))

import math

import pytest

from nemotron_agent.sim.simulation import Simulation
from nemotron_agent.sim.world import World
from nemotron_agent.sim.world_file import WorldFile
from nemotron_agent.skills.places import Places

WORLD = {
    'room': {'min_x': -2.0, 'max_x': 6.0, 'min_y': -3.0, 'max_y': 3.0},
    'start': 'dock',
    'dock': 'dock',
    'objects': {
        'cup': {'place': 'kitchen', 'x': 0.4, 'y': 0.0, 'width': 0.07},
        'book': {'place': 'kitchen', 'x': 0.5, 'y': 0.1, 'width': 0.03},
        'sofa': {'x': 4.1, 'y': 1.0, 'width': 2.0, 'graspable': False},
    },
}
PLACES = {
    'frame_id': 'map',
    'places': {
        'dock': {'x': 0.0, 'y': 0.0},
        'kitchen': {'x': 4.0, 'y': 1.0, 'yaw': math.pi / 2},
    },
}


@pytest.fixture
def make_simulation():
    def make(**changes) -> Simulation:
        file = WorldFile.model_validate({**WORLD, **changes})
        return Simulation(World(file, Places.model_validate(PLACES)))

    return make


@pytest.fixture
def simulation(make_simulation) -> Simulation:
    return make_simulation()


@pytest.fixture
def run_until_ended():
    """Step a simulation until a movement has ended; return the velocities on the way."""

    def run(simulation, movement, limit_sec=120.0):
        velocities = [simulation.base.velocity]
        while movement.end is None:
            simulation.step()
            velocities.append(simulation.base.velocity)
            assert len(velocities) * simulation.step_sec < limit_sec, 'it never ends'
        return velocities

    return run

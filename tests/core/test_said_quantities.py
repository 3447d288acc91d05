import pytest

from nemotron_agent.core.said_quantities import (
    Quantity,
    may_tell,
    said_by_unit,
    said_quantities,
    tells_amount_of,
    tells_other_kind,
)
from nemotron_agent.testing.robot_tools import NAVIGATE_TO, tool


@pytest.mark.parametrize(
    ('command', 'unit', 'said'),
    [
        ('Drive ten inches forward.', 'm', [(10, 'in')]),
        ('Back up 80 centimeters.', 'm', [(80, 'cm')]),
        ('Drive 1.5m', 'm', [(1.5, 'm')]),
        ('Drive 2 meters, turn left 90°, then drive another meter.', 'm', [(2, 'm'), (1, 'm')]),
        ('Drive 2 meters, turn left 90°, then drive another meter.', 'deg', [(90, 'deg')]),
        ('go like half a meter back', 'm', [(0.5, 'm')]),
        ('go one and a half meters', 'm', [(1.5, 'm')]),
        ('go a meter and a half', 'm', [(1.5, 'm')]),
        ('two point five metres', 'm', [(2.5, 'm')]),
        ('Make a quarter turn to the right.', 'deg', [(90, 'deg')]),
        ('Make three quarters of a full turn.', 'deg', [(270, 'deg')]),
        ('Turn half a turn left.', 'deg', [(180, 'deg')]),
        ('Record a two-minute video.', 's', [(2, 'min')]),
        ('Film for an hour.', 's', [(1, 'h')]),
        ('Volume forty, no, make that sixty percent.', '%', [(60, '%'), (40, '%')]),
        ('Fahr anderthalb Meter.', 'm', []),
        ('Fahr einen halben Meter vor.', 'm', [(0.5, 'm')]),
        ('Dreh dich um hundertzwanzig Grad und fahr einen Meter.', 'deg', [(120, 'deg')]),
        ('Mach eine halbe Drehung.', 'deg', [(180, 'deg')]),
        ('Gira cuarenta y cinco grados.', 'deg', [(45, 'deg')]),
        ('Avanza medio metro.', 'm', [(0.5, 'm')]),
        ('Avanza dos metros y medio.', 'm', [(2.5, 'm')]),
        ('Mets le volume à quarante pour cent.', '%', [(40, '%')]),
        ("Avance d'un mètre.", 'm', [(1, 'm')]),
        ('Recule de deux mètres et demi.', 'm', [(2.5, 'm')]),
        ('Gira tres cuartos de vuelta.', 'deg', [(270, 'deg')]),
        ('Gira treinta y un grados.', 'deg', [(31, 'deg')]),
        ('Fais demi-tour.', 'deg', [(180, 'deg')]),
        ('Go 3 meters, then back 2', 'm', [(3, 'm'), (2, 'm')]),
    ],
)
def test_numbers_with_units_are_found(command, unit, said):
    assert said_quantities(command, unit) == tuple(Quantity(*each) for each in said)


@pytest.mark.parametrize(
    'command',
    [
        'And now the same distance backward.',
        'Go to valve 3.',
        'Drive twice 2 meters.',
        'Drive half of 3 meters.',
        'A couple of meters more, say 2 meters.',
        'Drive until you are at most 2 m from the wall.',
        'Turn by 90 degrees.',
        'Raise the arm by 2 m.',
        'Fahr 2 Meter mehr als eben.',
        '',
    ],
)
def test_where_it_is_not_sure_what_is_meant_nothing_is_said(command):
    assert said_quantities(command, 'm') == ()


def test_what_is_said_goes_by_the_units_of_the_tools():
    drive = tool('drive', 'Drive.', ('m',), m={'type': 'number', 'unit': 'm'})
    turn = tool('turn', 'Turn.', ('deg',), deg={'type': 'number', 'unit': 'deg'})
    said = said_by_unit('drive 2 ft', [NAVIGATE_TO, drive, turn])
    assert said == {'m': (Quantity(2.0, 'ft'),)}


@pytest.mark.parametrize(
    ('command', 'tells'),
    [
        ('Drive 2 m.', True),
        ('Fahr einen Meter.', True),
        ('The same again.', True),
        ('Turn by 90 degrees.', False),
        ('Schalte das Licht ein.', False),
        ('Toma una foto.', False),
        ('Prends une photo.', False),
    ],
)
def test_whether_an_amount_may_be_a_distance(command, tells):
    assert tells_amount_of(command, 'm') is tells


@pytest.mark.parametrize(
    ('command', 'other'),
    [('Set it to 21 degrees.', True), ('Set it to 21.', False), ('Mute yourself.', False)],
)
def test_an_amount_of_another_kind(command, other):
    assert tells_other_kind(command, '%') is other


@pytest.mark.parametrize(
    ('command', 'value', 'may'),
    [
        ('Drive 2 ft.', 0.61, True),
        ('Drive 2 ft.', 2, False),
        ('Tell them that dinner is at seven.', 100, False),
        ('Das Essen ist um sieben fertig.', 100, False),
        ('Drive twice as far.', 4, True),
        ('Mute yourself.', 0, True),
    ],
)
def test_whether_a_number_may_be_one_that_is_told(command, value, may):
    assert may_tell(command, value, 'm') is may

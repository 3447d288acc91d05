"""A robot that somebody else wrote, and pieces of suites for it."""

SKILLS = """
skills:
  - id: set_lamp
    description: Set the lamp.
    interface: topic
    datatype: my_lamp_msgs/msg/Lamp
    parameters:
      in:
        - {name: color, type: string, required: true, enum: [red, green, blue]}
        - {name: brightness, type: integer, default: 50, minimum: 0, maximum: 100}
        - {name: fade_sec, type: float}
    limits: {fade_sec: {maximum: 10}}
    result: {success: 'The lamp is {{ arguments.color }} at {{ arguments.brightness }}.'}
  - id: beep
    description: Beep.
    interface: action
    datatype: my_lamp_msgs/action/Beep
    parameters: {in: []}
    result: {success: 'Beeped {{ result.times }} times.'}
  - id: say
    description: Say something.
    interface: topic
    datatype: std_msgs/msg/String
    parameters:
      in:
        - {name: text, type: string, required: true}
        - {name: words, type: 'string[]'}
    request: {data: {argument: text}, words: {argument: words}}
  - id: go
    description: Go somewhere.
    interface: action
    datatype: nav2_msgs/action/NavigateToPose
    parameters: {in: [{name: place, type: string, required: true, enum: places}]}
    request: {pose: {place: place}}
"""
PLACES = """
frame_id: map
places:
  desk: {x: 0.0, y: 0.0}
  window: {x: 2.0, y: 0.0}
"""
WORLD = """
room: {min_x: -5, max_x: 5, min_y: -5, max_y: 5}
start: desk
objects:
  ball: {place: desk, x: 0.3, y: 0.0}
  wall: {x: 1.0, y: 1.0, graspable: false}
"""


def turn(say='Do it.', **keys):
    return {'say': say, **keys}


def case(*turns, **keys):
    return {**keys, 'turns': list(turns)}

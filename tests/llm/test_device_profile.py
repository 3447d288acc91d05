import pytest

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.llm.device_profile import find_device, load_devices

GIB = 1 << 30
ONE = """\
board:
  description: a board
  memory_mib: 4096
  system_mib: 1024
  gpu: none
"""


def test_the_devices_shipped():
    devices = load_devices()
    assert list(devices) == [
        'orin-nano-4gb',
        'orin-nano-8gb',
        'orin-nx-8gb',
        'orin-nx-16gb',
        'agx-orin-32gb',
        'agx-orin-64gb',
        'thor-128gb',
    ]
    for device in devices.values():
        assert device.machine.shares_memory
        assert device.machine.repacked_types['Q8_0'] == 4


def test_the_budget_of_a_device(tmp_path):
    path = tmp_path / 'devices.yaml'
    path.write_text(ONE)
    board = load_devices(path)['board']
    assert not board.machine.has_gpu
    assert board.budget('auto', 0).bytes == 3 * GIB
    assert board.budget('auto', GIB).bytes == 2 * GIB
    assert board.budget('25%', 0).bytes == GIB
    assert board.budget('9GiB', 0).bytes == 3 * GIB


def test_a_device_that_nobody_knows():
    with pytest.raises(ConfigurationError, match="'orin-nano': did you mean orin-nano-.gb?"):
        find_device('orin-nano')


@pytest.mark.parametrize(
    ('text', 'told'),
    [
        ('[1, 2]', 'write the name of each device'),
        ('board: 3', 'write the name of each device'),
        ('a: [', 'cannot be read'),
        (ONE.replace('4096', 'much'), 'memory_mib: Input should be a valid integer'),
        (ONE.replace('gpu: none', 'gpu: some'), "gpu: Input should be 'shared'"),
        (ONE + '  colour: red\n', 'colour: Extra inputs'),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, text, told):
    path = tmp_path / 'devices.yaml'
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=told) as caught:
        load_devices(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match=r'none.yaml cannot be read'):
        load_devices(tmp_path / 'none.yaml')

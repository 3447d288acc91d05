from nemotron_agent.safety.stop_file import UNREADABLE, StopFile
from nemotron_agent.safety.stop_latch import Stop


def test_a_stop_is_kept_until_it_is_released(tmp_path):
    file = StopFile(tmp_path / 'stops' / 'agent.json')
    assert file.read() is None
    file.write(Stop('a test', 5.0))
    assert file.read() == Stop('a test', 5.0)
    file.write(None)
    file.write(None)
    assert file.read() is None


def test_each_node_has_its_own():
    assert StopFile.of_node('/r1/agent').path.name == 'r1.agent.json'
    assert StopFile.of_node('/r1/agent').path != StopFile.of_node('/r2/agent').path


def test_what_cannot_be_read_is_a_stop(tmp_path, caplog):
    file = StopFile(tmp_path / 'agent.json')
    times = ('"y"', 'NaN', '1e300', '-1e300', '1e17', '1e999', '[' * 10**5)
    for text in ('', '{}', '[]', *(f'{{"reason": "x", "at": {at}}}' for at in times)):
        file.path.write_text(text)
        assert file.read().reason == UNREADABLE
    assert 'the robot counts as stopped' in caplog.text


def test_what_cannot_be_written_is_logged(tmp_path, caplog):
    (tmp_path / 'file').write_text('')
    StopFile(tmp_path / 'file' / 'agent.json').write(Stop('a test'))
    assert 'the stop is not kept over a restart' in caplog.text
    folder = StopFile(tmp_path / 'agent.json')
    folder.path.mkdir()
    folder.write(None)
    assert 'the stop may come back over a restart' in caplog.text

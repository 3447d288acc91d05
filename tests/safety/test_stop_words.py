import pytest

from nemotron_agent.core.errors import DocumentError
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.safety.stop_words import load_stop_words

WORDS = load_stop_words(config_file('stop_words.yaml'))


@pytest.mark.parametrize(
    'text',
    [
        'stop',
        'STOP!',
        'Halt!',
        'stop now',
        'Stop at once!',
        'stop right there',
        'Please stop.',
        'hey robot, stop',
        'robot please stop it now',
        'stop stop stop',
        'No, wait, stop!',
        'go to the kitchen... no, stop!',
        'stop you are going to hit the wall',
        'stop the music',
        'Stop, at the door there is a child!',
        'Stop! In the name of the law',
        'go back stop stop',
        'emergency stop',
        "don't move",
        'whoa',
        'Stopp!',
        'bitte sofort anhalten',
        'Bleib stehen',
        'stopp da ist ein Kind',
        'Nein, halt an!',
        '¡Detente!',
        'detente ahora mismo',
        'para',
        'por favor, para ya',
        'Arrête-toi !',
        'arretez tout de suite',
        'fermati subito',
        'sta stil',
    ],
)
def test_what_stops(text):
    assert WORDS.stop_in(text)
    assert WORDS.stop_in(text, partial=True)


@pytest.mark.parametrize(
    'text',
    [
        'go to the bus stop',
        'Where is the bus stop?',
        "don't stop",
        'never stop driving',
        'drive until I say stop',
        'announce that I stop here',
        'the stopping distance is one metre',
        'nonstop',
        'robot, go to the dock now, please',
        'please',
        '',
        '?!',
        'fahre zur Haltestelle',
        'wait for me at the door and hold on to the cup',
        'para ir a la cocina gira a la derecha',
    ],
)
def test_what_does_not_stop(text):
    assert not WORDS.stop_in(text)
    assert not WORDS.stop_in(text, partial=True)


@pytest.mark.parametrize(
    'text',
    [
        'stop at the door',
        'Please stop in the kitchen',
        'stop by the workshop and fetch the drill',
        'stop when you see the red cup',
        'stop next to the table',
        'stopp an der Tür',
        'halt in der Küche',
        "arrête-toi devant l'ascenseur",
        'fermati davanti alla porta',
        'stop bij de deur',
        'detente en la cocina',
    ],
)
def test_a_stop_word_with_a_goal_is_a_command_once_it_is_complete(text):
    assert not WORDS.stop_in(text)
    assert WORDS.stop_in(text, partial=True)


def test_a_text_without_end_takes_no_time():
    assert WORDS.stop_in('stop! ' + 'drive ' * 10**6)
    assert not WORDS.stop_in('drive ' * 10**6 + 'stop!')


def test_it_tells_which_words_stopped():
    assert WORDS.stop_in('Go back! Please STOP now.') == 'please stop now'
    assert WORDS.stop_in('stop you hit the wall') == 'stop'


@pytest.mark.parametrize(
    ('text', 'told'),
    [
        ('', 'this is no file of stop words: begin with "languages:"'),
        ('languages: {}', 'no language has a word under "stop"'),
        ('languages:\n  en: {stop: []}', 'no language has a word under "stop"'),
        ('languages:\n  en:\n    stop: [stop, "!?"]', 'stop_words.yaml:3: languages.en.stop[1]'),
        ('languages:\n  en: {stop: [stop], gaol: [at]}', 'did you mean goal?'),
        ('languages:\n  en: {alone: [stop]}', 'languages.en.stop: this key is missing'),
        ('languages:\n  en: {stop: [on]}', 'put quotes around'),
        (f'languages:\n  en: {{stop: [{"stop " * 20}]}}', '64 characters at most'),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, text, told):
    file = tmp_path / 'stop_words.yaml'
    file.write_text(text)
    with pytest.raises(DocumentError) as caught:
        load_stop_words(file)
    assert told in str(caught.value)

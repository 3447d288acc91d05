import pytest

from nemotron_agent.core.errors import DocumentError
from nemotron_agent.core.phrases import load_phrases, phrase_in
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.testing.listed_tool import ListedTool

SKILLS = [ListedTool().spec, ListedTool('beep', parameters={'type': 'object'}).spec]
GOOD = """
phrases:
  - {say: [Dock, "zurück zum Dock!"], skill: go_to, arguments: {place: dock}}
  - {say: [beep], skill: beep}
"""


@pytest.fixture
def load(tmp_path):
    def load(text, **options):
        file = tmp_path / 'phrases.yaml'
        file.write_text(text)
        return load_phrases(file, SKILLS, **options)

    return load


@pytest.mark.parametrize(
    'said', ['dock', ' DOCK? ', 'Zurück  zum\tDock.', 'zuru\u0308ck zum dock']
)
def test_case_punctuation_and_spaces_do_not_matter(load, said):
    entry = phrase_in(said, load(GOOD))
    assert (entry.skill, entry.arguments) == ('go_to', {'place': 'dock'})


@pytest.mark.parametrize(
    'said', ['docks', 'the dock', 'dock now', 'zuruck zum dock', 'do ck', '', '?', 'dock ' * 200]
)
def test_nothing_else_is_a_phrase(load, said):
    assert phrase_in(said, load(GOOD)) is None


@pytest.mark.parametrize(
    ('text', 'told'),
    [
        ('', 'this is no file of phrases: begin with "phrases:"'),
        ('phrases: [{say: [], skill: beep}]', 'phrases[0].say: [] is empty'),
        ('phrases: [{say: ["?"], skill: beep}]', 'phrases[0].say[0]: "?" is nothing to say'),
        ('phrases: [{say: [a], skil: beep}]', 'did you mean skill?'),
        ('phrases: [{say: [a], skill: beeep}]', 'there is no skill "beeep": did you mean beep?'),
        (
            'phrases:\n- say: [a]\n  skill: go_to\n  arguments: {place: moon}',
            'phrases.yaml:4: phrases[0].arguments: The arguments of go_to do not fit: place: ',
        ),
        ('phrases: [{say: [a], skill: go_to}]', "'place' is a required property: correct them"),
        (
            'phrases: [{say: [Dock], skill: beep}, {say: [b, dock!], skill: beep}]',
            'phrases[1].say[1]: "dock!" is given for two skills: remove one',
        ),
        (f'phrases: [{{say: [{"word " * 50}], skill: beep}}]', '200 characters at most'),
    ],
)
def test_a_file_that_cannot_be_used_says_why(load, text, told):
    with pytest.raises(DocumentError) as caught:
        load(text)
    assert told in str(caught.value)


def test_phrases_for_another_robot_can_be_left_out(load):
    text = 'phrases: [{say: [a], skill: fly}, {say: [b], skill: go_to}, {say: [c], skill: beep}]'
    assert list(load(text, drop_unfit=True)) == [('c',)]


def test_the_shipped_phrases_can_be_read():
    assert load_phrases(config_file('phrases.yaml'), SKILLS, drop_unfit=True) == {}

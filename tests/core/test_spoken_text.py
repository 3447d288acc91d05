import pytest

from nemotron_agent.core.spoken_text import clauses_of, without_accents, words_of


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('  Battery?? ', ('battery',)),
        ('GO,  to the\tdock!', ('go', 'to', 'the', 'dock')),
        ('don’t', ("don't",)),
        ('ﬁnd STRASSE straße', ('find', 'strasse', 'strasse')),
        ('cafe\u0301', ('café',)),
        ('', ()),
        ('!?', ()),
    ],
)
def test_the_words_of_a_text(text, words):
    assert words_of(text) == words


@pytest.mark.parametrize(
    ('text', 'clauses'),
    [
        ('no, wait. stop!', (('no',), ('wait',), ('stop',))),
        ('drive 0.5 m. stop', (('drive', '0', '5', 'm'), ('stop',))),
        ('well - stop', (('well',), ('stop',))),
        ('arrête-toi', (('arrête', 'toi'),)),
        ('止まれ。早く', (('止まれ',), ('早く',))),
        ('...', ()),
    ],
)
def test_clauses_are_between_marks_of_punctuation(text, clauses):
    assert clauses_of(text) == clauses


def test_accents_can_be_left_out():
    assert without_accents(words_of('Arrête là, señor')) == ('arrete', 'la', 'senor')

import math

import pytest
from pydantic_core import PydanticCustomError

from nemotron_agent.evaluation.matchers import read_matcher


@pytest.mark.parametrize(
    ('expected', 'value', 'matches'),
    [
        (1.0, 1.009, True),
        (1.0, 1.02, False),
        (90, 90.9, True),
        (90, 91.5, False),
        (0, 0.01, True),
        (0, math.nan, False),
        (1, True, False),
        (True, 1, False),
        (True, True, True),
        ('Kitchen', ' kitchen ', True),
        ('kitchen', 'kitchen table', False),
        ('1', 1, False),
        (None, None, True),
        (None, 'cup', False),
        ([1, 'a'], [1.001, 'A'], True),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ([1], 1, False),
        ({'value': 0.5, 'within': 0.05}, 0.54, True),
        ({'value': 0.5, 'within': 0.05}, 0.56, False),
        ({'value': 0.5}, 0.56, False),
        ({'any_of': ['left', 'right']}, 'Right', True),
        ({'any_of': ['left', 'right']}, 'up', False),
        ({'contains': 'Hello'}, 'oh, hello you', True),
        ({'contains': ['hello', 'you']}, 'hello', False),
        ({'contains': '1'}, 1, False),
        ({'any': True}, object(), True),
    ],
)
def test_what_matches(expected, value, matches):
    assert read_matcher(expected).matches(value) is matches


def test_objects_match_key_by_key():
    equal = read_matcher(0)
    object.__setattr__(equal, 'value', {'a': 1})
    assert equal.matches({'a': 1.001})
    assert not equal.matches({'a': 1, 'b': 2})


@pytest.mark.parametrize(
    ('given', 'what', 'remedy'),
    [
        ({'valeu': 1}, 'this key is not known', 'did you mean value?'),
        ({}, '{} is no expected value', 'write a value, {value: 0.5, within: 0.05}'),
        ({'value': 1, 'any': True}, 'is no expected value', 'write a value'),
        ({'any_of': 'left'}, '"left" is no list of values', 'write [left, right]'),
        ({'any_of': []}, '[] is no list of values', 'write [left, right]'),
        ({'contains': 1}, '1 is no text', 'write a text or a list of texts'),
        ({'contains': []}, '[] is no text', 'write a text'),
        ({'any': False}, 'false means nothing here', 'write true'),
        ({'value': 'x', 'within': 1}, '"x" is no number', 'remove "within"'),
        ({'value': 1, 'within': -1}, '-1 is no tolerance', 'write such as 0.05'),
        ({'value': 1, 'within': 'wide'}, '"wide" is no tolerance', 'write such as 0.05'),
    ],
)
def test_what_is_no_matcher(given, what, remedy):
    with pytest.raises(PydanticCustomError) as caught:
        read_matcher(given)
    assert what in str(caught.value)
    assert caught.value.context['remedy'].startswith(remedy)


@pytest.mark.parametrize(
    ('given', 'text'),
    [
        ('kitchen', '"kitchen"'),
        ({'value': 1, 'within': 0.5}, '1 ± 0.5'),
        ({'any_of': [1, 2]}, '1 or 2'),
        ({'contains': ['a', 'b']}, 'with "a" and "b"'),
        ({'any': True}, 'anything'),
    ],
)
def test_matchers_in_words(given, text):
    assert str(read_matcher(given)) == text

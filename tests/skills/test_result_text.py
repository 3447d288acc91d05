import pytest

from nemotron_agent.skills.result_rules import ResultRules
from nemotron_agent.skills.result_text import (
    MAX_CHARACTERS,
    attribute_paths,
    error_said,
    failure_in,
    result_text,
    summary,
    template_problem,
    value_at,
)


def test_template():
    text = result_text('At {{ result.level }}\n of {{ arguments.x }}', '', {'level': 3}, {'x': 4})
    assert text == 'At 3 of 4'


def test_no_template_gives_the_fallback():
    assert result_text(None, 'fallback', {}, {}) == 'fallback'


@pytest.mark.parametrize(
    'template',
    [
        '{{ result.none }}',
        '{{ result.level * 100 }}',
        '{{ 1 / 0 }}',
        '{{ "".__class__.__mro__ }}',
        '{{ result.update({}) }}',
        '  ',
    ],
)
def test_a_template_that_fails_gives_the_fallback(template):
    assert result_text(template, 'fallback', {'level': None}, {}) == 'fallback'


def test_a_very_long_text_is_cut():
    text = result_text('{{ result.data }}', '', {'data': 'x' * 90000}, {})
    assert '[... 70000 characters left out ...]' in text
    assert len(text) < MAX_CHARACTERS + 50


def test_what_a_template_reads():
    template = '{{ result.a.b }} {{ result.c[0].d }} {% if arguments.x %}{{ result }}{% endif %}'
    assert sorted(attribute_paths(template)) == [
        ('arguments', 'x'),
        ('result', 'a', 'b'),
        ('result', 'c'),
    ]


def test_problems_of_templates():
    assert template_problem('{{ result.a }}') == ''
    assert template_problem('{% set x = 1 %}{{ x }}') == ''
    assert template_problem('{{ robot }}') == (
        'the template uses robot, and it knows only result and arguments'
    )
    assert template_problem('{{').startswith('the template cannot be read: ')


@pytest.mark.parametrize(
    ('result', 'expected'),
    [
        ({}, None),
        ({'error_code': 0, 'error_msg': ''}, None),
        ({'error_code': 2, 'error_msg': 'blocked'}, 'blocked'),
        ({'error_code': 2, 'error_msg': ''}, 'error code 2'),
        ({'error_code': 2}, 'error code 2'),
        ({'result': {'error_code': 7, 'error_msg': 'nested'}}, 'nested'),
        ({'success': True}, None),
        ({'success': False, 'message': 'no'}, 'no'),
        ({'success': False}, 'the robot reports no success'),
    ],
)
def test_failures_that_a_result_reports_itself(result, expected):
    assert failure_in(ResultRules(), result) == expected


def test_success_when():
    rules = ResultRules(success_when={'a.b': True, 'success': False})
    assert failure_in(rules, {'a': {'b': True}, 'success': False}) is None
    assert failure_in(rules, {'a': {'b': False}, 'success': False}) == 'a.b is false'


def test_an_error_code_outweighs_success_when():
    rules = ResultRules(success_when={'a': 1})
    assert failure_in(rules, {'a': 1, 'error_code': 3}) == 'error code 3'


def test_error_said_takes_only_numbers():
    assert error_said({'error_code': 'x'}) == ''


def test_value_at():
    assert value_at({'a': {'b': 1}}, 'a.b') == 1
    assert value_at({'a': 1}, 'a.b') is None


def test_summary():
    result = {'error_code': 0, 'header': {'stamp': 1}, 'text': '', 'list': [], 'd': 1.5, 'no': 0}
    assert summary(result) == '{"d": 1.5, "no": 0}'
    assert summary({}) == ''

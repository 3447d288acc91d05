import datetime

import pytest

from nemotron_agent.core.errors import ChatTemplateError
from nemotron_agent.llm.chat_template import ChatTemplate
from nemotron_agent.testing.synthetic_model import TEMPLATE_FILE

USER = [{'role': 'user', 'content': 'hi'}]


def rendered(source, messages=USER, tools=None, **arguments):
    template = ChatTemplate(source, bos_text='<s>', eos_text='</s>')
    return template.render(messages, tools, opens_reply=True, **arguments)


def test_no_template_is_an_error():
    with pytest.raises(ChatTemplateError, match='holds no chat template'):
        ChatTemplate('')


def test_bad_jinja_is_an_error():
    with pytest.raises(ChatTemplateError, match='is not valid jinja'):
        ChatTemplate('{% for %}')


@pytest.mark.parametrize(
    ('source', 'message'),
    [
        ("{{ raise_exception('roles must alternate') }}", 'roles must alternate'),
        ('{{ messages[7].content.x }}', 'fails on this conversation'),
        ('{{ 1 / 0 }}', 'division by zero'),
        ('{{ messages.append(1) }}', 'fails on this conversation'),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", 'fails on this conversation'),
        ('{{ range(999999999) | list }}', 'fails on this conversation'),
    ],
)
def test_a_template_that_fails_or_breaks_out_is_an_error(source, message):
    with pytest.raises(ChatTemplateError, match=message):
        rendered(source)


def test_json_is_written_as_transformers_does():
    source = '{{ {"b": "ü<>\'", "a": [1, 2.5, true, none]} | tojson }}'
    assert rendered(source) == '{"b": "ü<>\'", "a": [1, 2.5, true, null]}'


def test_what_templates_expect_is_there():
    source = (
        '{{ bos_token }}{% for m in messages %}'
        '{% if m.content == "skip" %}{% continue %}{% endif %}'
        '{{ m.content }}{% endfor %}{{ eos_token }}{{ strftime_now("%Y") }}'
    )
    messages = [*USER, {'role': 'user', 'content': 'skip'}]
    year = datetime.datetime.now().strftime('%Y')
    assert rendered(source, messages) == f'<s>hi</s>{year}'


def test_blocks_leave_no_white_space():
    assert rendered('  {% if true %}\na\n  {% endif %}\nb') == 'a\nb'


def test_nemotrons_template_switches_thinking():
    source = TEMPLATE_FILE.read_text()
    template = ChatTemplate(source)
    assert template.knows_tools
    assert template.knows_thinking
    assert rendered(source, thinking=True).endswith('<|im_start|>assistant\n<think>\n')
    assert rendered(source, thinking=False).endswith('<|im_start|>assistant\n<think></think>')


def test_plain_templates_know_neither_tools_nor_thinking():
    template = ChatTemplate('{% for m in messages %}{{ m.content }}{% endfor %}')
    assert not template.knows_tools
    assert not template.knows_thinking

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from nemotron_agent.core.json_text import encodable, to_json


def test_what_json_lacks_becomes_null():
    assert to_json({'a': math.nan, 'b': [math.inf, 1.5], 'c': {'d': -math.inf}}) == (
        '{"a": null, "b": [null, 1.5], "c": {"d": null}}'
    )


@given(st.text(alphabet=st.characters(codec=None)))
def test_any_text_can_be_sent(text):
    sent = encodable(text)
    sent.encode()
    assert '\0' not in sent
    assert json.loads(to_json({'text': text}))

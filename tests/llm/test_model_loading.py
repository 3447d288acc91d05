import pytest

from nemotron_agent.core.chat_model import ReplyProtocol
from nemotron_agent.llm.model_catalog import ResolvedModel
from nemotron_agent.llm.model_loading import ModelParameters, engine_parameters
from nemotron_agent.testing.tiny_model import make_entry

SAMPLING = {'temperature': 0.6, 'top_p': 0.95}
ENTRY = make_entry(sampling=SAMPLING, call_sampling={'temperature': 0.1, 'top_p': 0.5})


@pytest.fixture
def resolved(tmp_path):
    return ResolvedModel(tmp_path / 'tiny.gguf', ENTRY)


def sampling_of(parameters):
    return (
        parameters.temperature,
        parameters.top_p,
        parameters.call_temperature,
        parameters.call_top_p,
    )


def test_what_the_user_leaves_open_the_catalogue_says(resolved):
    parameters = engine_parameters(ModelParameters('tiny'), resolved)
    assert sampling_of(parameters) == (0.6, 0.95, 0.1, 0.5)
    assert parameters.tool_format == 'hermes'
    assert ReplyProtocol(parameters.reply_protocol) is ReplyProtocol.CALL_ONLY


def test_what_the_user_says_counts(resolved):
    given = ModelParameters('tiny', temperature=1.0, call_top_p=0.9, tool_format='nemotron')
    parameters = engine_parameters(given, resolved)
    assert sampling_of(parameters) == (1.0, 0.95, 0.1, 0.9)
    assert parameters.tool_format == 'nemotron'


def test_a_file_the_catalogue_does_not_know_takes_the_likeliest_token(tmp_path):
    resolved = ResolvedModel(tmp_path / 'x.gguf')
    assert sampling_of(engine_parameters(ModelParameters('x'), resolved)) == (0.0, 1.0, 0.0, 1.0)


def test_states_are_kept_in_the_cache_unless_switched_off(resolved, monkeypatch, tmp_path):
    monkeypatch.setenv('NEMOTRON_AGENT_CACHE', str(tmp_path))
    kept = engine_parameters(ModelParameters('tiny'), resolved)
    assert kept.warm_start_folder == tmp_path / 'warm_start'
    off = engine_parameters(ModelParameters('tiny', warm_start_mb=0), resolved)
    assert off.warm_start_folder is None


@pytest.mark.parametrize(
    ('doubt', 'suggested', 'min_support'),
    [
        ('auto', 1.5, 1.5),
        ('auto', None, None),
        ('on', 1.5, 1.5),
        ('on', None, 0.0),
        ('off', 1.5, None),
    ],
)
def test_calls_are_doubted_where_the_catalogue_or_the_user_says_so(
    tmp_path, doubt, suggested, min_support
):
    resolved = ResolvedModel(tmp_path / 'tiny.gguf', make_entry(min_support=suggested))
    parameters = engine_parameters(ModelParameters('tiny', doubt=doubt), resolved)
    assert parameters.min_support == min_support

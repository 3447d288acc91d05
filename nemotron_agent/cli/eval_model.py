"""The model of `nemotron-agent eval`: one in this process, or one at an endpoint."""

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

from nemotron_agent.core.chat_model import ChatModel, ReplyProtocol
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.llm.engine_parameters import REPLY_PROTOCOLS

DEFAULT_MODEL = 'qwen2.5-coder-1.5b'


@dataclasses.dataclass(frozen=True)
class EvaluatedModel:
    """A model that can be made, and what tells it from others.

    Attributes:
        name: for people.
        digest: of its file and of how it is run, or of where it is.
        make: makes it with a seed.
    """

    name: str
    digest: str
    make: Callable[[int], ChatModel]


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which model, and how it is used."""
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name or file (%(default)s)')
    parser.add_argument(
        '--endpoint', metavar='URL', help='a model at an OpenAI-compatible server instead'
    )
    parser.add_argument(
        '--endpoint-model', default='', metavar='NAME', help='its name there (the only one)'
    )
    parser.add_argument('--seed', type=int, default=0, help='of the first repeat (%(default)s)')
    parser.add_argument(
        '--thinking',
        choices=[each.value for each in Thinking],
        default=Thinking.OFF.value,
        help='(%(default)s)',
    )
    parser.add_argument(
        '--reply-protocol',
        choices=REPLY_PROTOCOLS,
        default='auto',
        help='call_only: each reply is a call, answers too (%(default)s)',
    )
    parser.add_argument('--n-ctx', type=int, default=8192, help='context, tokens (%(default)s)')


def evaluated_model(args: argparse.Namespace) -> EvaluatedModel:
    """Find the model; a model of the catalogue that is not here is fetched.

    Raises:
        NemotronAgentError: there is none, or the endpoint does not answer.
    """
    return _at_endpoint(args) if args.endpoint else _in_process(args)


def _in_process(args: argparse.Namespace) -> EvaluatedModel:
    from nemotron_agent.cli.model_fetch import fetch_model
    from nemotron_agent.evaluation.suite import digest_of
    from nemotron_agent.llm.model_catalog import resolve_model
    from nemotron_agent.llm.model_fingerprint import model_fingerprint
    from nemotron_agent.llm.model_loading import ModelParameters, engine_parameters, load_model

    fetch_model(args.model)
    resolved = resolve_model(args.model)
    try:
        digest = model_fingerprint(resolved.path)
    except OSError as error:
        raise ConfigurationError(
            f'cannot read the model {resolved.path}: {error.strerror}: check the path'
        ) from error
    parameters = ModelParameters(args.model, n_ctx=args.n_ctx, reply_protocol=args.reply_protocol)
    if not resolved.scripted:
        # The catalogue's say in sampling and in the form of replies changes them.
        used = dataclasses.replace(engine_parameters(parameters, resolved), model_path=Path())
        digest = digest_of([digest, dataclasses.asdict(used)])
    return EvaluatedModel(
        resolved.name,
        digest[:16],
        lambda seed: load_model(dataclasses.replace(parameters, seed=seed)),
    )


def _at_endpoint(args: argparse.Namespace) -> EvaluatedModel:
    from nemotron_agent.llm.endpoint_model import EndpointModel

    auto = args.reply_protocol == 'auto'
    protocol = ReplyProtocol.NATIVE if auto else ReplyProtocol(args.reply_protocol)

    def make(seed: int) -> EndpointModel:
        return EndpointModel(
            args.endpoint,
            args.endpoint_model,
            reply_protocol=protocol,
            seed=seed,
            n_ctx=args.n_ctx,
        )

    model = make(args.seed)
    try:
        return EvaluatedModel(model.name, f'{args.endpoint} {model.name} {protocol.value}', make)
    finally:
        model.close()

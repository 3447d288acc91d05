"""What the model is told of a result: the manifest's templates, or sensible words."""

import functools
import json
import logging
from collections.abc import Mapping
from typing import Any

import jinja2
import jinja2.meta
import jinja2.sandbox

logger = logging.getLogger(__name__)

VARIABLES = frozenset({'result', 'arguments'})
MAX_CHARACTERS = 2000
SAID_ELSEWHERE = frozenset({'error_code', 'error_msg', 'header', 'stamp', 'success', 'message'})


@functools.cache
def _environment() -> jinja2.sandbox.ImmutableSandboxedEnvironment:
    return jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)


def template_problem(template: str) -> str:
    """Say what is wrong with a template; empty if nothing is."""
    try:
        tree = _environment().parse(template)
    except jinja2.TemplateSyntaxError as error:
        return f'the template cannot be read: {error.message}'
    unknown = sorted(jinja2.meta.find_undeclared_variables(tree) - VARIABLES)
    if unknown:
        return f'the template uses {unknown[0]}, and it knows only result and arguments'
    return ''


def render(template: str, result: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """Fill a template.

    Raises:
        jinja2.TemplateError, TypeError, ValueError: it does not fit the result.
    """
    text = _environment().from_string(template).render(result=result, arguments=arguments)
    return shortened(' '.join(text.split()))


def result_text(
    template: str | None,
    fallback: str,
    result: Mapping[str, Any],
    arguments: Mapping[str, Any],
) -> str:
    """Fill a template; where there is none, or it fails on this result, take the fallback."""
    if template is None:
        return fallback
    try:
        return render(template, result, arguments) or fallback
    except Exception as error:  # a template can raise anything its expressions do
        logger.warning('result template %r failed: %s', template, error)
        return fallback


def summary(result: Mapping[str, Any]) -> str:
    """Say the fields of a result that are worth saying, as one line of JSON; may be empty."""
    told = {key: value for key, value in result.items() if key not in SAID_ELSEWHERE}
    told = {key: value for key, value in told.items() if value not in ('', None, [], {})}
    return shortened(json.dumps(told, ensure_ascii=False)) if told else ''


def shortened(text: str) -> str:
    """Cut a text that is too long for a model, and say so."""
    if len(text) <= MAX_CHARACTERS:
        return text
    return f'{text[:MAX_CHARACTERS]}… (cut, {len(text)} characters)'

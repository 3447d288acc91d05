"""What the model is told of a result: the manifest's templates, or sensible words."""

import functools
import json
import logging
from collections.abc import Mapping
from typing import Any

import jinja2
import jinja2.meta
import jinja2.nodes
import jinja2.sandbox

from nemotron_agent.core.shortened import shortened
from nemotron_agent.skills.result_rules import ResultRules

logger = logging.getLogger(__name__)

VARIABLES = frozenset({'result', 'arguments'})
MAX_CHARACTERS = 20000
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


def attribute_paths(template: str) -> list[tuple[str, ...]]:
    """List what a template reads, such as `('result', 'pose', 'x')`; the template must parse."""
    paths = []
    inner: set[int] = set()
    steps_away = (jinja2.nodes.Getattr, jinja2.nodes.Getitem)
    for node in _environment().parse(template).find_all(steps_away):
        if id(node) in inner:
            continue
        steps: list[str] = []
        walked: jinja2.nodes.Node = node
        while isinstance(walked, steps_away):
            inner.add(id(walked))
            if isinstance(walked, jinja2.nodes.Getattr):
                steps.insert(0, walked.attr)
            else:
                steps.clear()
            walked = walked.node
        if isinstance(walked, jinja2.nodes.Name) and walked.name in VARIABLES:
            paths.append((walked.name, *steps))
    return paths


def render(template: str, result: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """Fill a template.

    Raises:
        jinja2.TemplateError, TypeError, ValueError: it does not fit the result.
    """
    text = _environment().from_string(template).render(result=result, arguments=arguments)
    return shortened(' '.join(text.split()), MAX_CHARACTERS)


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


def failure_in(rules: ResultRules, result: Mapping[str, Any]) -> str | None:
    """Say why a result is no success though its server did not abort; None if it is one.

    An `error_code` other than 0 is a failure by itself; so is `success: false`, unless
    `success_when` speaks of `success`.
    """
    said = error_said(result)
    if said:
        return said
    for path, wanted in rules.success_when.items():
        found = value_at(result, path)
        if found != wanted:
            return f'{path} is {json.dumps(found)}'
    if result.get('success') is False and 'success' not in rules.success_when:
        return str(result.get('message') or 'the robot reports no success')
    return None


def error_said(result: Mapping[str, Any]) -> str:
    """Give the error a result reports by `error_code` and `error_msg`; empty if none."""
    # The draft REP's std_skills/Result sits in a field of its own.
    nested = result.get('result')
    for part in (result, nested if isinstance(nested, Mapping) else {}):
        code = part.get('error_code', 0)
        if isinstance(code, int) and code != 0:
            return str(part.get('error_msg') or f'error code {code}')
    return ''


def value_at(result: Mapping[str, Any], path: str) -> Any:
    """Look up a dotted path; None where it leads nowhere."""
    found: Any = result
    for step in path.split('.'):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def summary(result: Mapping[str, Any]) -> str:
    """Say the fields of a result that are worth saying, as one line of JSON; may be empty."""
    told = {key: value for key, value in result.items() if key not in SAID_ELSEWHERE}
    told = {key: value for key, value in told.items() if value not in ('', None, [], {})}
    return shortened(json.dumps(told, ensure_ascii=False), MAX_CHARACTERS) if told else ''

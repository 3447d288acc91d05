"""A model's own chat template, run in a sandbox."""

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import jinja2
import jinja2.ext
import jinja2.sandbox

from nemotron_agent.core.errors import ChatTemplateError


class ChatTemplate:
    """Renders conversations the way `transformers` does."""

    def __init__(self, source: str, bos_text: str = '', eos_text: str = '') -> None:
        """Compile a template.

        Raises:
            ChatTemplateError: there is none, or it is not valid jinja.
        """
        if not source:
            raise ChatTemplateError('the model file holds no chat template, so it cannot converse')
        environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
        )
        environment.filters['tojson'] = _to_json
        environment.globals.update(
            raise_exception=_raise,
            strftime_now=lambda form: datetime.datetime.now().strftime(form),
            bos_token=bos_text,
            eos_token=eos_text,
        )
        try:
            self._template = environment.from_string(source)
        except jinja2.TemplateError as error:
            raise ChatTemplateError(f'the chat template is not valid jinja: {error}') from error
        self.source = source

    @property
    def knows_tools(self) -> bool:
        """Whether it shows tools to the model."""
        return 'tools' in self.source and 'tool_calls' in self.source

    @property
    def knows_thinking(self) -> bool:
        """Whether reasoning can be switched on and off."""
        return 'enable_thinking' in self.source

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] | None,
        *,
        opens_reply: bool,
        thinking: bool = False,
    ) -> str:
        """Render a conversation.

        Args:
            messages: as `transformers` takes them.
            tools: JSON schemas of functions, or None.
            opens_reply: whether to end with what begins the assistant's reply.
            thinking: whether the model is to reason, where the template knows that.

        Raises:
            ChatTemplateError: the template fails on it.
        """
        try:
            return self._template.render(
                messages=messages,
                tools=tools,
                add_generation_prompt=opens_reply,
                enable_thinking=thinking,
            )
        except Exception as error:
            # Templates are foreign programs: any exception is theirs.
            raise ChatTemplateError(
                f'the chat template fails on this conversation: {error}'
            ) from error


def _to_json(value: Any, ensure_ascii: bool = False, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def _raise(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)

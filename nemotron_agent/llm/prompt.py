"""From messages to tokens, appending to what was decoded wherever that is possible."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from nemotron_agent.core.chat_model import ChatRequest
from nemotron_agent.core.messages import Message
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.chat_template import ChatTemplate
from nemotron_agent.llm.control_text import ControlText
from nemotron_agent.llm.conversation_log import ConversationLog, ReplyEnd
from nemotron_agent.llm.snapshots import common_prefix
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat
from nemotron_agent.llm.vocabulary import Vocabulary

_THINK_BEGIN = '<think>'
_PLACEHOLDER = '\ue000reply\ue000'
# Their first tokens differ, and one of them is glued to what stands before it.
_COMMANDS = ('\n\n', 'a', ' 1')


@dataclasses.dataclass(frozen=True)
class Prompt:
    """A prompt, as a log that its reply is appended to.

    Attributes:
        opens_thinking: the prompt has begun the model's reasoning.
        shared_tokens: how many of its tokens every conversation with these tools begins with; 0
            without tools, as of a summary, which must not take the place of what those share.
        lasting_tokens: how many of its tokens the prompt of the next command begins with too.
        past_tokens: how many of its tokens are before its last message, a command, if it is
            written anew; 0 otherwise.
    """

    log: ConversationLog
    opens_thinking: bool
    shared_tokens: int = 0
    lasting_tokens: int = 0
    past_tokens: int = 0


class PromptWriter:
    """Writes prompts with a template, or with a tool format where the template has no tools."""

    def __init__(
        self, template: ChatTemplate, tool_format: ToolFormat, vocabulary: Vocabulary
    ) -> None:
        self._template = template
        self._format = tool_format
        self._vocabulary = vocabulary
        self._control_text = ControlText(
            (*vocabulary.special_texts.values(), *tool_format.markers)
        )
        self._shared: tuple[ChatRequest, list[int]] | None = None
        self._template_shows_tools = template.knows_tools and tool_format.recognises(
            template.source
        )

    def write(self, request: ChatRequest, log: ConversationLog | None) -> Prompt:
        """Write the prompt of a request.

        Args:
            request: the conversation to go on with.
            log: what was decoded of it before; it stays as it is.

        Raises:
            ChatTemplateError: the template fails on the messages.
        """
        prompt = self._write(request, log)
        tokens = prompt.log.tokens
        return dataclasses.replace(
            prompt,
            shared_tokens=common_prefix(tokens, self.shared(request)) if request.tools else 0,
            lasting_tokens=self._lasting(request, prompt),
            past_tokens=self._past(request, prompt),
        )

    def count(self, request: ChatRequest, *, opens_reply: bool = False) -> int:
        """Tokens of a request's messages, written anew; safe in any thread.

        Args:
            request: the messages, and what they are shown with.
            opens_reply: whether to count what begins the reply too.

        Raises:
            ChatTemplateError: the template fails on the messages.
        """
        text = self._render(request.messages, request, opens_reply=opens_reply)
        return len(self._from_the_start(text))

    def shared(self, request: ChatRequest) -> list[int]:
        """What all conversations with a request's system message and tools begin with.

        Raises:
            ChatTemplateError: the template fails on the messages.
        """
        system = tuple(message for message in request.messages[:1] if message.role == 'system')
        key = ChatRequest('', system, request.tools, request.thinking)
        if self._shared is None or self._shared[0] != key:
            prompts = [
                self._from_the_start(
                    self._render((*system, Message('user', text)), key, opens_reply=True)
                )
                for text in _COMMANDS
            ]
            shared = prompts[0][: min(common_prefix(prompts[0], other) for other in prompts[1:])]
            self._shared = (key, shared)
        return self._shared[1]

    def _write(self, request: ChatRequest, log: ConversationLog | None) -> Prompt:
        text = self._render(request.messages, request, opens_reply=True)
        ends = log.shared_ends(request.messages, request.tools) if log else ()
        tokens: list[int] | None = None
        while ends and log and tokens is None:
            tokens = self._appended(log, ends[-1], text, request)
            if tokens is None:
                ends = ends[:-1]
        if tokens is None:
            tokens = self._from_the_start(text)
        return Prompt(
            ConversationLog(request.tools, request.messages, tokens, ends),
            opens_thinking=text.rstrip().endswith(_THINK_BEGIN),
        )

    def _lasting(self, request: ChatRequest, prompt: Prompt) -> int:
        """Where the prompt of the next command leaves this one, if there is a reasoned reply."""
        if not request.thinking or not self._template.knows_thinking:
            return len(prompt.log.tokens)
        reply = Message('assistant', _PLACEHOLDER, reasoning=_PLACEHOLDER)
        log = dataclasses.replace(prompt.log, tokens=list(prompt.log.tokens))
        log.end_reply(reply)
        messages = (*request.messages, reply, Message('user', _PLACEHOLDER))
        following = self._write(dataclasses.replace(request, messages=messages), log)
        return common_prefix(prompt.log.tokens, following.log.tokens)

    def _past(self, request: ChatRequest, prompt: Prompt) -> int:
        """Where prompts of other commands leave this one, if it is written anew."""
        *past, command = request.messages
        if prompt.log.reply_ends or command.role != 'user':
            return 0
        return min(
            common_prefix(
                prompt.log.tokens,
                self._from_the_start(
                    self._render((*past, Message('user', text)), request, opens_reply=True)
                ),
            )
            for text in _COMMANDS
        )

    def _from_the_start(self, text: str) -> list[int]:
        vocabulary = self._vocabulary
        tokens = vocabulary.tokenize(text)
        has_bos = not vocabulary.adds_bos or tokens[:1] == [vocabulary.bos]
        return tokens if has_bos else [vocabulary.bos, *tokens]

    def _appended(
        self, log: ConversationLog, end: ReplyEnd, text: str, request: ChatRequest
    ) -> list[int] | None:
        """The log up to a reply's end and what the template adds; None if it rewrites that."""
        known = request.messages[: end.n_messages]
        known_text = self._render(known, request, opens_reply=False)
        if not text.startswith(known_text):
            return None
        closing = self._closing(known, known_text, request)
        added = closing + text[len(known_text) :]
        return log.tokens[: end.n_tokens] + self._vocabulary.tokenize(added)

    def _closing(self, known: Sequence[Message], known_text: str, request: ChatRequest) -> str:
        """What the template writes after the last reply, such as the end-of-turn token."""
        if known[-1].tool_call is not None:
            return known_text.rpartition(self._format.call_end)[2]
        placeholder = Message('assistant', _PLACEHOLDER)
        text = self._render([*known[:-1], placeholder], request, opens_reply=False)
        return text.rpartition(_PLACEHOLDER)[2]

    def _render(
        self, messages: Sequence[Message], request: ChatRequest, *, opens_reply: bool
    ) -> str:
        tools = request.tools
        if self._template_shows_tools:
            entries = [self._entry(message) for message in messages]
            described = [self._function(tool) for tool in tools] or None
        else:
            entries = self._plain_entries(messages, tools)
            described = None
        return self._template.render(
            entries, described, opens_reply=opens_reply, thinking=request.thinking
        )

    def _entry(self, message: Message) -> dict[str, Any]:
        entry: dict[str, Any] = {
            'role': message.role,
            'content': self._control_text.neutral(message.content),
        }
        if message.reasoning:
            entry['reasoning_content'] = self._control_text.neutral(message.reasoning)
        if message.tool_name:
            entry['name'] = self._control_text.neutral(message.tool_name)
        call = message.tool_call
        if call is not None:
            function = {'name': call.name, 'arguments': dict(call.arguments)}
            neutral = self._control_text.neutral_value(function)
            entry['tool_calls'] = [{'type': 'function', 'id': call.id, 'function': neutral}]
        return entry

    def _function(self, tool: ToolSpec) -> dict[str, Any]:
        function = {
            'name': tool.name,
            'description': tool.description,
            'parameters': tool.parameters,
        }
        return {'type': 'function', 'function': self._control_text.neutral_value(function)}

    def _plain_entries(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> list[dict[str, Any]]:
        """The messages with tools, calls and results written out as content."""
        neutral = self._control_text.neutral
        entries = []
        for message in messages:
            content = neutral(message.content)
            if message.tool_call is not None:
                arguments = self._control_text.neutral_value(message.tool_call.arguments)
                call = dataclasses.replace(message.tool_call, arguments=arguments)
                content = f'{content}\n{self._format.call_text(call)}'.lstrip()
            elif message.role == 'tool':
                content = self._format.result_text(content)
            role = 'user' if message.role == 'tool' else message.role
            entries.append({'role': role, 'content': content})
        if tools:
            listed = self._format.tools_text([self._neutral_tool(tool) for tool in tools])
            if entries and entries[0]['role'] == 'system':
                entries[0]['content'] += f'\n\n{listed}'
            else:
                entries.insert(0, {'role': 'system', 'content': listed})
        return entries

    def _neutral_tool(self, tool: ToolSpec) -> ToolSpec:
        return dataclasses.replace(
            tool,
            description=self._control_text.neutral(tool.description),
            parameters=self._control_text.neutral_value(tool.parameters),
        )

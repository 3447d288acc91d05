"""Conversations and replies in the words of OpenAI's chat completions."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nemotron_agent.core.chat_model import ModelReply, StopReason, Usage
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm import loose_json
from nemotron_agent.llm.generation import HALF_A_CALL


def message_entries(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """The messages of a conversation; a result names the call before it."""
    entries = []
    call_id = ''
    for message in messages:
        entry: dict[str, Any] = {'role': message.role, 'content': message.content}
        call = message.tool_call
        if call is not None:
            call_id = call.id or uuid.uuid4().hex
            function = {'name': call.name, 'arguments': call.arguments_json}
            entry['tool_calls'] = [{'id': call_id, 'type': 'function', 'function': function}]
        if message.role == 'tool':
            entry |= {'tool_call_id': call_id, 'name': message.tool_name}
        entries.append(entry)
    return entries


def tool_entries(tools: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """The tools as functions."""
    return [
        {
            'type': 'function',
            'function': {
                'name': tool.name,
                'description': tool.description,
                'parameters': dict(tool.parameters),
            },
        }
        for tool in tools
    ]


def reply_of(answer: Mapping[str, Any], duration_sec: float) -> ModelReply:
    """Read an answer; of several calls the first is taken.

    Args:
        answer: what the endpoint sent.
        duration_sec: time it took [s], for endpoints that do not say.

    Raises:
        LookupError, TypeError, AttributeError, ValueError: it is no answer of this kind.
    """
    choice = answer['choices'][0]
    message = choice['message']
    content = str(message.get('content') or '')
    reasoning = str(message.get('reasoning_content') or message.get('reasoning') or '')
    calls = message.get('tool_calls') or []
    cut = choice.get('finish_reason') == 'length'
    usage = usage_of(answer, duration_sec)
    if not calls:
        reason = StopReason.LENGTH if cut else StopReason.END
        return ModelReply(Message('assistant', content, reasoning=reasoning), reason, usage)
    name, written = calls[0]['function']['name'], calls[0]['function'].get('arguments') or '{}'
    arguments, problem = _arguments(written)
    if cut and len(calls) == 1:
        problem = HALF_A_CALL
    if problem:
        raw = Message('assistant', f'{content}\n{name} {written}'.strip(), reasoning=reasoning)
        return ModelReply(raw, StopReason.LENGTH if cut else StopReason.END, usage, problem)
    call = ToolCall(str(calls[0].get('id') or uuid.uuid4().hex), str(name), arguments)
    return ModelReply(
        Message('assistant', content, tool_call=call, reasoning=reasoning), StopReason.CALL, usage
    )


def usage_of(answer: Mapping[str, Any], duration_sec: float) -> Usage:
    """What a reply cost: as the endpoint says, and llama.cpp's times where there are any."""
    counts = answer.get('usage') or {}
    timings = answer.get('timings') or {}
    prompt = int(counts.get('prompt_tokens') or 0)
    details = counts.get('prompt_tokens_details') or {}
    reused = int(timings.get('cache_n') or details.get('cached_tokens') or 0)
    generated = int(counts.get('completion_tokens') or 0)
    return Usage(
        prompt_tokens=prompt,
        reused_tokens=reused,
        new_tokens=prompt - reused,
        generated_tokens=generated,
        decode_calls=int(timings.get('predicted_n') or 0),
        prefill_sec=float(timings.get('prompt_ms') or 0.0) / 1000.0,
        generation_sec=float(timings.get('predicted_ms') or duration_sec * 1000.0) / 1000.0,
    )


def _arguments(written: Any) -> tuple[dict[str, Any], str]:
    """Arguments of a call, and what is wrong with them; some servers send them as an object."""
    try:
        value = loose_json.loads(written) if isinstance(written, str) else written
    except (ValueError, RecursionError) as error:
        return {}, f'The call could not be read: its arguments are not valid JSON: {error}.'
    if not isinstance(value, dict):
        return {}, 'The call could not be read: its arguments are no JSON object.'
    return value, ''

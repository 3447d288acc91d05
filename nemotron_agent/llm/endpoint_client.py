"""JSON to and from a model server, with an end to every wait."""

import asyncio
import contextlib
import json
import os
import re
from collections.abc import Mapping
from typing import Any

import httpx2

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.errors import ConfigurationError, ContextFullError, EndpointError
from nemotron_agent.core.json_text import to_json

NOT_FOUND = 404
CHAT_PATH = '/chat/completions'
_SHOWN_CHARACTERS = 200
_LOOK_UP_SEC = 10.0
_TOO_LONG = frozenset(('exceed_context_size_error', 'context_length_exceeded'))
_REMEDIES = {
    NOT_FOUND: 'is not there ({said}): check the address, which often ends in /v1, and the name '
    'of the model',
    429: 'takes no more for now ({said}): wait, and try again',
    503: 'is not ready ({said}): wait until the server has loaded its model',
}


class EndpointClient:
    """Talks to one endpoint; each request has a connection of its own.

    Args:
        url: base address, such as `http://127.0.0.1:8080/v1`; `/v1` is added where no path is
            given.
        key_variable: environment variable that holds the key, if there is one.
        timeout_sec: most time for a whole answer [s].

    Raises:
        ConfigurationError: the address is none, or the key cannot be one.
    """

    def __init__(self, url: str, key_variable: str, timeout_sec: float) -> None:
        self.url = _base_url(url)
        self._key_variable = key_variable
        self._key = _key(key_variable)
        self._timeout_sec = timeout_sec

    def get(self, path: str, *, beside: bool = False) -> dict[str, Any]:
        """Get a JSON object; with `beside` from beside the last part of the base address.

        Raises:
            EndpointError: there is none to be had.
        """
        base = self.url.rpartition('/')[0] if beside else self.url
        limit_sec = min(self._timeout_sec, _LOOK_UP_SEC)
        return self._ask('GET', f'{base}{path}', None, limit_sec, CancelToken())

    def post(
        self, path: str, body: Mapping[str, Any], cancel: CancelToken
    ) -> dict[str, Any] | None:
        """Post a JSON object; return the one that is answered, None if `cancel` came first.

        Raises:
            ContextFullError: the conversation is too long for the model.
            EndpointError: there is no answer, or it is not one.
        """
        content = to_json(body)
        try:
            return self._ask('POST', f'{self.url}{path}', content, self._timeout_sec, cancel)
        except asyncio.CancelledError:
            return None

    def _ask(
        self, method: str, url: str, content: str | None, limit_sec: float, cancel: CancelToken
    ) -> dict[str, Any]:
        try:
            response = asyncio.run(self._response(method, url, content, limit_sec, cancel))
        except asyncio.TimeoutError:
            raise EndpointError(
                f'{url} did not answer within {limit_sec:g} s: allow more time, or choose a '
                'smaller model'
            ) from None
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise EndpointError(
                f'no answer from {url} ({reason}): is the server running, and is this its address?'
            ) from error
        if response.status_code != httpx2.codes.OK:
            raise self._refusal(url, response)
        return _object(url, response)

    async def _response(
        self, method: str, url: str, content: str | None, limit_sec: float, cancel: CancelToken
    ) -> httpx2.Response:
        """The answer; a cancel ends the task and so closes the connection."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def stop() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
                loop.call_soon_threadsafe(task.cancel)

        headers = {'Content-Type': 'application/json'}
        if self._key:
            headers['Authorization'] = f'Bearer {self._key}'
        forget = cancel.on_cancel(stop)
        try:
            # Loading certificates takes longer than a request, and without TLS there are none.
            verify = url.startswith('https:')
            async with httpx2.AsyncClient(timeout=None, headers=headers, verify=verify) as client:
                request = client.request(method, url, content=content)
                return await asyncio.wait_for(request, limit_sec)
        finally:
            forget()

    def _refusal(self, url: str, response: httpx2.Response) -> Exception:
        """Say what to do about a status other than 200."""
        status, error = response.status_code, _error_of(response)
        detail = str(error.get('message', '')).strip()[:_SHOWN_CHARACTERS]
        said = f'{status}: {detail}' if detail else str(status)
        if _TOO_LONG.intersection((str(error.get('type')), str(error.get('code')))):
            numbers = [int(number) for number in re.findall(r'\d+(?= tokens)', detail)]
            return ContextFullError(max(numbers, default=0), min(numbers, default=0))
        if status in (401, 403):
            held = 'holds one that is not valid' if self._key else 'is to hold it'
            remedy = (
                f'asks for a key ({said}): the environment variable {self._key_variable} {held}'
            )
        else:
            remedy = _REMEDIES.get(status, 'refuses the request ({said})').format(said=said)
        return EndpointError(f'{url} {remedy}', status)


def _base_url(url: str) -> str:
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        parsed = httpx2.URL('')
    if parsed.scheme not in ('http', 'https') or not parsed.host:
        raise ConfigurationError(
            f'the endpoint "{url}" is no address: write it like http://127.0.0.1:8080/v1'
        )
    base = str(parsed).rstrip('/').removesuffix(CHAT_PATH)
    return base if parsed.path.strip('/') else f'{base}/v1'


def _key(variable: str) -> str:
    key = os.environ.get(variable, '').strip()
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError(
            f'the key in the environment variable {variable} holds characters that no key has: '
            'set it again'
        )
    return key


def _object(url: str, response: httpx2.Response) -> dict[str, Any]:
    try:
        value = json.loads(response.content)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise EndpointError(
            f'{url} does not answer in JSON but with "{response.text[:_SHOWN_CHARACTERS]}": is it '
            'an OpenAI-compatible endpoint?'
        )
    return value


def _error_of(response: httpx2.Response) -> dict[str, Any]:
    try:
        error = json.loads(response.content)['error']
    except (ValueError, RecursionError, KeyError, TypeError):
        error = response.text
    return error if isinstance(error, dict) else {'message': error}

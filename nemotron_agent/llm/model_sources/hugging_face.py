"""Model files from the Hugging Face hub."""

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from nemotron_agent.llm.model_entry import HuggingFaceRepo, ModelEntry
from nemotron_agent.llm.model_folder import ModelFolder, sha256_of, size_of
from nemotron_agent.llm.model_source import SourceFailedError
from nemotron_agent.llm.pull_progress import PullProgress

ANSWER_TIMEOUT_SEC = 5.0
NAME_LOOKUP_SEC = 1.0
TRIES = 5
RETRY_SEC = 1.0
SHA256_DIGITS = 64
REASON_LENGTH = 160


class HuggingFaceSource:
    """Downloads over HTTP with huggingface_hub, which knows mirrors, proxies and tokens.

    `hf_hub_download` keeps nothing of a download that was interrupted, so the file is requested
    here, through the library's session.

    Args:
        repo: where the file is.
        endpoint: address of the hub, if not the one huggingface_hub knows.
        timeout_sec: time the hub has to say whether it has the file [s].
        retry_sec: pause before a lost connection is taken up again [s].
    """

    label = 'Hugging Face'

    def __init__(
        self,
        repo: HuggingFaceRepo,
        endpoint: str | None = None,
        timeout_sec: float = ANSWER_TIMEOUT_SEC,
        retry_sec: float = RETRY_SEC,
    ) -> None:
        self._repo = repo
        self._endpoint = endpoint
        self._timeout_sec = timeout_sec
        self._retry_sec = retry_sec

    def needed_bytes(self, entry: ModelEntry, folder: ModelFolder) -> int:
        """Room for what is missing of the file."""
        return entry.bytes - min(size_of(folder.partial(entry)), entry.bytes)

    def fetch(self, entry: ModelEntry, folder: ModelFolder, progress: PullProgress) -> str:
        """Download; what was resumed and is wrong is downloaded once more from its start."""
        url = self._find(entry)
        target = folder.partial(entry)
        if size_of(target) > entry.bytes:
            target.unlink()
        while True:
            resumed = size_of(target) > 0
            self._download(url, target, entry.bytes, progress)
            digest = sha256_of(target, progress)
            if digest == entry.sha256 or not resumed:
                return digest
            progress.note('what was there of the file is not of this file: starting again')
            target.unlink()

    def _find(self, entry: ModelEntry) -> str:
        """Give the file's address, once the hub has said that it is the file we want."""
        # Otherwise the library first asks the hub for a list of coding agents, to put the one that
        # it runs under into its requests; that takes seconds where the hub is slow.
        os.environ.setdefault('HF_HUB_DISABLE_TELEMETRY', '1')
        try:
            from huggingface_hub import get_hf_file_metadata, hf_hub_url
        except ImportError as error:
            raise SourceFailedError(f'huggingface_hub cannot be used ({error})') from error
        repo = self._repo
        url = str(
            hf_hub_url(repo.repo, entry.file, revision=repo.revision, endpoint=self._endpoint)
        )
        answer = _within(
            self._timeout_sec, lambda: get_hf_file_metadata(url, timeout=self._timeout_sec)
        )
        known_digest = answer.etag if len(answer.etag or '') == SHA256_DIGITS else entry.sha256
        if answer.size not in (None, entry.bytes) or known_digest != entry.sha256:
            raise SourceFailedError(
                f'{repo.repo} has another {entry.file}: {answer.size} bytes, sha256 {answer.etag}'
            )
        return url

    def _download(self, url: str, target: Path, size: int, progress: PullProgress) -> None:
        """Download what is missing; a lost connection is taken up again while data comes."""
        tries_left = TRIES
        while (here := size_of(target)) < size:
            transfer = _Transfer(target, size, progress)
            try:
                transfer.run(url)
            except Exception as error:  # whatever the hub's library and its HTTP client raise
                if transfer.file_error is not None:
                    raise transfer.file_error from None
                tries_left = TRIES if size_of(target) > here else tries_left - 1
                if tries_left <= 0:
                    here = size_of(target)
                    if not here:
                        target.unlink(missing_ok=True)
                    raise SourceFailedError(
                        f'the download broke off after {here} of {size} bytes ({_reason(error)})'
                    ) from error
                time.sleep(self._retry_sec)


class _Transfer:
    """One connection that appends to a file.

    Args:
        target: the file.
        size: what it is to become [bytes].

    Attributes:
        file_error: why the file could not be written, if that is what went wrong.
    """

    def __init__(self, target: Path, size: int, progress: PullProgress) -> None:
        self._target = target
        self._size = size
        self._progress = progress
        self.file_error: OSError | None = None

    def run(self, url: str) -> None:
        """Transfer until the end, or until an exception of whatever kind."""
        from huggingface_hub import constants, get_session
        from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

        start = size_of(self._target)
        headers = {**build_hf_headers(), 'Accept-Encoding': 'identity'}
        if start:
            headers['Range'] = f'bytes={start}-'
        limit = constants.HF_HUB_DOWNLOAD_TIMEOUT
        with get_session().stream(
            'GET', url, headers=headers, timeout=limit, follow_redirects=True
        ) as response:
            hf_raise_for_status(response)
            self._write(response.iter_bytes(), start if response.status_code == 206 else 0)

    def _write(self, chunks: Iterable[bytes], start: int) -> None:
        with self._writing():
            file = self._target.open('ab')
        with file:
            with self._writing():
                file.truncate(start)
            for chunk in chunks:
                if start + len(chunk) > self._size:
                    raise SourceFailedError('more came than the file has')
                with self._writing():
                    file.write(chunk)
                    file.flush()
                start += len(chunk)
                self._progress.advance('downloading', start, self._size)
        if start < self._size:
            raise SourceFailedError('the connection was closed early')

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Tell the file's errors from the network's."""
        try:
            yield
        except OSError as error:
            self.file_error = error
            raise


def _within(timeout_sec: float, ask: Callable[[], Any]) -> Any:
    """Ask the hub; a name server that never answers is not waited for either."""
    answers: list[Any] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            answers.append(ask())
        except Exception as error:  # whatever the hub's library and its HTTP client raise
            errors.append(error)

    thread = threading.Thread(target=run, name='hugging_face_probe', daemon=True)
    thread.start()
    thread.join(timeout_sec + NAME_LOOKUP_SEC)
    if answers:
        return answers[0]
    if errors:
        raise SourceFailedError(f'the hub does not give it ({_reason(errors[0])})') from errors[0]
    raise SourceFailedError(
        f'the hub does not answer within {timeout_sec + NAME_LOOKUP_SEC:.0f} s'
    )


def _reason(error: Exception) -> str:
    """First line of an error, with hosts in place of long addresses."""
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    text = re.sub(r"https?://([^/\s']+)[^\s':]*", r'\1', first).rstrip('.')
    return text if len(text) <= REASON_LENGTH else f'{text[: REASON_LENGTH - 3]}...'

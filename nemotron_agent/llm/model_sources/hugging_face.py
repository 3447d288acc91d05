"""Model files from the Hugging Face hub."""

import os
import threading
from pathlib import Path
from typing import Any, BinaryIO

from nemotron_agent.llm.model_entry import HuggingFaceRepo, ModelEntry
from nemotron_agent.llm.model_folder import ModelFolder, sha256_of, size_of
from nemotron_agent.llm.model_source import SourceFailedError
from nemotron_agent.llm.pull_progress import PullProgress

ANSWER_TIMEOUT_SEC = 5.0
SHA256_DIGITS = 64
REASON_LENGTH = 160


class HuggingFaceSource:
    """Downloads over HTTP with huggingface_hub, which knows mirrors, proxies and tokens.

    `hf_hub_download` keeps nothing of a download that was interrupted, so its lower part is used.

    Args:
        repo: where the file is.
        endpoint: address of the hub, if not the one huggingface_hub knows.
    """

    label = 'Hugging Face'

    def __init__(self, repo: HuggingFaceRepo, endpoint: str | None = None) -> None:
        self._repo = repo
        self._endpoint = endpoint

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
        try:
            from huggingface_hub import get_hf_file_metadata, hf_hub_url
        except ImportError as error:
            raise SourceFailedError(f'huggingface_hub cannot be used ({error})') from error
        repo = self._repo
        url = str(
            hf_hub_url(repo.repo, entry.file, revision=repo.revision, endpoint=self._endpoint)
        )
        answer = _within_time(lambda: get_hf_file_metadata(url, timeout=ANSWER_TIMEOUT_SEC))
        known_digest = answer.etag if len(answer.etag or '') == SHA256_DIGITS else entry.sha256
        if answer.size not in (None, entry.bytes) or known_digest != entry.sha256:
            raise SourceFailedError(
                f'{repo.repo} has another {entry.file}: {answer.size} bytes, sha256 {answer.etag}'
            )
        return url

    def _download(self, url: str, target: Path, size: int, progress: PullProgress) -> None:
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import build_hf_headers, disable_progress_bars
        from huggingface_hub.utils import logging as hub_logging

        disable_progress_bars()
        hub_logging.set_verbosity_error()
        with target.open('ab') as file:
            reporting = _ReportingFile(file, size, progress)
            try:
                http_get(
                    url,
                    reporting,
                    resume_size=size_of(target),
                    headers=build_hf_headers(),
                    expected_size=size,
                )
            except Exception as error:
                if reporting.error is not None:
                    raise reporting.error from None
                if not size_of(target):
                    target.unlink()
                raise SourceFailedError(
                    f'the download broke off after {size_of(target)} of {size} bytes '
                    f'({_reason(error)}); pull again to go on from there'
                ) from error


def _within_time(ask: Any) -> Any:
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
    thread.join(ANSWER_TIMEOUT_SEC + 1.0)
    if answers:
        return answers[0]
    if errors:
        raise SourceFailedError(f'no answer that helps ({_reason(errors[0])})') from errors[0]
    raise SourceFailedError(f'no answer within {ANSWER_TIMEOUT_SEC:.0f} s')


def _reason(error: Exception) -> str:
    """First line of an error, cut."""
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= REASON_LENGTH else f'{text[: REASON_LENGTH - 3]}...'


class _ReportingFile:
    """A file that tells how far it has come, and keeps its own error apart from the network's."""

    def __init__(self, file: BinaryIO, total_bytes: int, progress: PullProgress) -> None:
        self._file = file
        self._total_bytes = total_bytes
        self._progress = progress
        self.error: OSError | None = None
        file.seek(0, os.SEEK_END)

    def write(self, data: bytes) -> int:
        """Append, and report."""
        try:
            written = self._file.write(data)
            self._file.flush()
        except OSError as error:
            self.error = error
            raise
        self._progress.advance('downloading', self._file.tell(), self._total_bytes)
        return written

    def tell(self) -> int:
        """Size so far."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def truncate(self, size: int | None = None) -> int:
        """Drop what follows."""
        return self._file.truncate(size)

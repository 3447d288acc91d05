"""What determines the outcome of a conversation, besides the conversation and its robot."""

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import nemotron_agent
from nemotron_agent.evaluation.suite import SuiteEntry, digest_of

ROOMS = ('core', 'llm', 'skills', 'safety')
ROOMS_OF_ROBOT = ('ros', 'sim')
OWN_FILES = ('body', 'conversation_run', 'facts', 'policy_gate', 'stand_in', 'watched_tool')


@dataclasses.dataclass(frozen=True)
class RunSettings:
    """How conversations are held.

    Attributes:
        model: name for people.
        model_digest: of its file and of how it is run, or what identifies it at its endpoint.
        seed: of the first repeat; each later one has the next.
        dry: without a simulated robot.
        endpoint: URL of the model's server; empty for a model in this process.
        code: digest of the code that holds conversations.
    """

    model: str
    model_digest: str
    thinking: str = 'off'
    seed: int = 0
    n_ctx: int = 8192
    dry: bool = True
    endpoint: str = ''
    code: str = ''

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return dataclasses.asdict(self)

    def key(self, entry: SuiteEntry, repeat: int) -> str:
        """Tells the result of one conversation from all others."""
        return digest_of([self.to_json(), entry.digest, entry.robot.digest, repeat])


def code_digest(dry: bool) -> str:
    """A digest of the code whose changes may change how a conversation goes."""
    package = Path(nemotron_agent.__file__).parent
    files = [file for room in ROOMS for file in sorted((package / room).rglob('*.py'))]
    files += [package / 'evaluation' / f'{name}.py' for name in OWN_FILES]
    if not dry:
        files += [f for room in ROOMS_OF_ROBOT for f in sorted((package / room).rglob('*.py'))]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(package).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]

"""The conversations on this machine's disk, of whatever node."""

import dataclasses
import difflib
from collections.abc import Sequence

from nemotron_agent.archive.database import ConversationDatabase, KeptConversation
from nemotron_agent.archive.node_files import NodeFiles, RunningNode
from nemotron_agent.core.errors import ArchiveError

BUSY_SEC = 5.0


@dataclasses.dataclass(frozen=True)
class Found:
    """A conversation, and whose it is.

    Attributes:
        holder: the node, if it runs and may have the conversation in memory.
    """

    files: NodeFiles
    entry: KeptConversation
    holder: RunningNode | None

    @property
    def label(self) -> str:
        """For people."""
        return f'"{self.entry.id}" of {self.files.node}'

    def open(self, *, writable: bool = False) -> ConversationDatabase:
        """Open its database.

        Raises:
            ArchiveError: it cannot be opened.
        """
        return ConversationDatabase(self.files.database, writable=writable, busy_sec=BUSY_SEC)


def files_of(node: str | None) -> list[NodeFiles]:
    """The files of one node, by its full name, or of all.

    Raises:
        ArchiveError: the node has none.
    """
    every = NodeFiles.find()
    if node is None:
        return every
    wanted = NodeFiles.of_node(node)
    if wanted not in every:
        others = ', '.join(files.node for files in every) or 'none'
        raise ArchiveError(
            f'{wanted.database} does not exist: nodes with conversations here are {others}'
        )
    return [wanted]


def conversations_in(files: NodeFiles) -> list[Found]:
    """The conversations of a node, the one used longest ago first.

    Raises:
        ArchiveError: they cannot be read.
    """
    running = files.running_node()
    with ConversationDatabase(files.database, writable=False, busy_sec=BUSY_SEC) as database:
        return [
            # A node reads a conversation when it is used, and holds it from then on.
            Found(files, entry, running if running and entry.used >= running.started else None)
            for entry in database.entries()
        ]


def find(ids: Sequence[str], node: str | None) -> list[Found]:
    """The conversations of these ids, each of one node; without ids, all.

    Raises:
        ArchiveError: there is none of an id, or several nodes have one.
    """
    every = [found for files in files_of(node) for found in conversations_in(files)]
    return [_one(name, every) for name in ids] if ids else every


def _one(name: str, every: Sequence[Found]) -> Found:
    fitting = [found for found in every if found.entry.id == name]
    if len(fitting) > 1:
        nodes = ' and '.join(found.files.node for found in fitting)
        raise ArchiveError(f'{nodes} have a conversation "{name}": choose one by --node')
    if not fitting:
        near = difflib.get_close_matches(name, [found.entry.id for found in every], n=1)
        hint = f'did you mean "{near[0]}"?' if near else 'see `nemotron-agent conversations list`'
        raise ArchiveError(f'there is no conversation "{name}" on disk: {hint}')
    return fitting[0]

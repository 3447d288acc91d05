"""Finds the records that a command line means."""

from pathlib import Path

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.resource_paths import state_directory
from nemotron_agent.safety.audit_folder import AuditFolder


def find_records(given: Path | None) -> list[Path]:
    """The records in a folder of records, by default the one in the state folder.

    A folder that is a record, or a file of one, stands for itself.

    Raises:
        ConfigurationError: there is none.
    """
    folder = given or state_directory() / 'audit'
    if folder.is_file() or _is_record(folder):
        return [folder]
    found = [path for path in sorted(folder.glob('*')) if _is_record(path)]
    if not found:
        raise ConfigurationError(
            f'there is no record in {folder}: give the folder that the parameter audit_folder of '
            'a node names, or one in it'
        )
    return found


def one_record(given: Path | None) -> Path:
    """The one record that is meant.

    Raises:
        ConfigurationError: there is none, or there are several.
    """
    found = find_records(given)
    if len(found) > 1:
        listed = '\n  '.join(str(path) for path in found)
        raise ConfigurationError(f'there are several records, name one of:\n  {listed}')
    return found[0]


def _is_record(path: Path) -> bool:
    return path.is_dir() and bool(AuditFolder(path).numbers())

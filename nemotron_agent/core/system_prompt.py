"""What a model is told first."""

from pathlib import Path

from nemotron_agent.core.errors import ConfigurationError


def read_system_prompt(path: Path) -> str:
    """Read a system prompt from a file.

    Raises:
        ConfigurationError: there is none.
    """
    try:
        text = path.read_text(encoding='utf-8').strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f'cannot read the system prompt {path}: {error}') from error
    if not text:
        raise ConfigurationError(f'the system prompt {path} is empty: write one')
    return text

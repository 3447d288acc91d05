"""Runs pip with this machine's network settings and with none of its other habits."""

import ast
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from setup_steps.errors import SetupError

# How to reach an index. What changes which versions go where (constraint, target, user,
# require-hashes, no-binary, no-deps ...) stays out, or two machines get two environments.
NETWORK = (
    'cache-dir',
    'cert',
    'client-cert',
    'default-timeout',
    'extra-index-url',
    'find-links',
    'index-url',
    'keyring-provider',
    'no-cache-dir',
    'no-index',
    'proxy',
    'retries',
    'timeout',
    'trusted-host',
)
UNREACHABLE_WORDS = (
    'Connection refused',
    'ConnectTimeout',
    'Max retries exceeded',
    'NameResolutionError',
    'NewConnectionError',
    'ProxyError',
    'ReadTimeoutError',
    'SSLError',
    'connection broken',
    # Every version is pinned to one that exists, so an index without any did not answer.
    '(from versions: none)',
)


def pip_environment(python: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which pip sees the network settings of its configuration only.

    Raises:
        SetupError: pip cannot read its configuration.
    """
    said = subprocess.run(
        [python, '-m', 'pip', 'config', 'list'],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode != 0:
        reason = (said.stderr.strip().splitlines() or ['no reason given'])[-1]
        raise SetupError(
            f'pip cannot read its configuration: {reason}',
            'mend the file that `pip config debug` names',
        )
    kept = {key: value for key, value in environment.items() if not key.startswith('PIP_')}
    for option, value in sorted(network_options(said.stdout).items()):
        kept[f'PIP_{option.upper().replace("-", "_")}'] = value
    kept.update(PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK='1', PIP_NO_INPUT='1')
    return kept


def network_options(listing: str) -> dict[str, str]:
    """Pick the network options out of what `pip config list` prints.

    The environment wins over a section of its own, and that over `global`.
    """
    ranks = {'global': 0, 'install': 1, ':env:': 2}
    found: dict[str, tuple[int, str]] = {}
    for line in listing.splitlines():
        key, equals, value = line.partition('=')
        section, _, option = key.rpartition('.')
        rank = ranks.get(section)
        if not equals or rank is None or option not in NETWORK:
            continue
        if option not in found or rank >= found[option][0]:
            found[option] = (rank, str(ast.literal_eval(value)))
    return {option: value for option, (_, value) in found.items()}


def is_unreachable(output: str) -> bool:
    """Return whether pip failed because no index answered."""
    return any(word in output for word in UNREACHABLE_WORDS)

"""Amounts of memory as people write them."""

import re

from nemotron_agent.core.errors import ConfigurationError

_UNITS = {
    '': 1,
    'b': 1,
    'kb': 10**3,
    'mb': 10**6,
    'gb': 10**9,
    'kib': 1 << 10,
    'mib': 1 << 20,
    'gib': 1 << 30,
}
_SIZE = re.compile(r'(\d+(?:\.\d+)?) ?([a-z]*)', re.IGNORECASE)


def parse_bytes(text: str, name: str) -> int:
    """Read an amount such as 3GiB, 800 MB or 1000000.

    Args:
        text: the amount.
        name: what it is given as, for the error.

    Raises:
        ConfigurationError: it is none.
    """
    match = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise ConfigurationError(
            f'{name} is "{text}": write an amount such as 3GiB, 800MB or 60%, or auto'
        )
    return round(float(match[1]) * unit)


def bytes_text(n_bytes: int) -> str:
    """An amount in MiB, for people."""
    return f'{n_bytes / (1 << 20):,.0f} MiB'

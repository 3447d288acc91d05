"""JSON in columns of the database."""

import json
from typing import Any


def dump(value: Any) -> str:
    """One line of JSON, in ASCII: a lone surrogate, which SQLite refuses, is then an escape."""
    return json.dumps(value, separators=(',', ':'), default=str)

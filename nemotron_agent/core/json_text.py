"""Text that any wire takes."""

import json
from collections.abc import Mapping
from typing import Any


def encodable(text: str) -> str:
    """Replace what UTF-8 or a ROS string cannot carry: lone surrogates and NUL."""
    return text.replace('\0', '\ufffd').encode('utf-8', 'replace').decode('utf-8')


def to_json(value: Mapping[str, Any]) -> str:
    """One line of JSON; `NaN` and infinities, which JSON lacks, become null."""
    return encodable(json.dumps(_finite(value), ensure_ascii=False, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and value - value != 0.0:
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value

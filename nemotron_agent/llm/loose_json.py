"""JSON as models write it."""

import ast
import json
from typing import Any


def loads(text: str) -> Any:
    """Read JSON, also where braces are doubled or the literals are Python's.

    Raises:
        ValueError: it is neither; or a number is not finite.
        RecursionError: it is nested too deeply.
    """
    try:
        value = json.loads(text, strict=False)
    except ValueError as error:
        if text.startswith('{{') and text.endswith('}}'):
            return loads(text[1:-1])
        value = _python_literal(text, str(error))
    return json.loads(_finite(value).encode('utf-8', 'replace'))


def _python_literal(text: str, problem: str) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError):
        raise ValueError(problem) from None


def _finite(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except TypeError as error:
        raise ValueError(str(error)) from None

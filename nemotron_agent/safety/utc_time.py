"""Time of day in the record."""

import datetime


def utc_now() -> str:
    """The time now, as `2026-01-31T12:00:00.000000Z`."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return now.strftime('%Y-%m-%dT%H:%M:%S.%fZ')

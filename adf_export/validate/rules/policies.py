"""Judges policies and timeouts: only where the type has them, within what the service takes."""

from collections.abc import Mapping
from typing import Final

from adf_export.validate.limits import ACTIVITY_TIMEOUT, UNTIL_TIMEOUT, WEB_TIMEOUT, Limit
from adf_export.validate.paths import Path
from adf_export.validate.shape import Json, is_expression
from adf_export.validate.subject import Found, Step, Subject, over

# (type, member of typeProperties) -> its bounds.
_TIMEOUTS: Final[Mapping[tuple[str, str], Limit]] = {
    ("Until", "timeout"): UNTIL_TIMEOUT,
    ("Validation", "timeout"): ACTIVITY_TIMEOUT,
    ("WebActivity", "httpRequestTimeout"): WEB_TIMEOUT,
}
_SECONDS_OF_DAY: Final = 24 * 60 * 60


def check_policies(subject: Subject) -> Found:
    """Timeouts; which policy a type has is said by the facts."""
    for step in subject.steps:
        yield from _timeout(
            step.json.get("policy", {}).get("timeout"), ACTIVITY_TIMEOUT, (*step.path, "policy", "timeout")
        )
        yield from _of_type(step)


def _of_type(step: Step) -> Found:
    for (type, member), limit in _TIMEOUTS.items():
        if step.type == type:
            yield from _timeout(step.properties.get(member), limit, (*step.path, "typeProperties", member))


def _timeout(value: Json, limit: Limit, path: Path) -> Found:
    if isinstance(value, str) and not is_expression(value):
        seconds = _seconds(value)
        if seconds is not None:
            yield from over(limit, seconds, path)


def _seconds(text: str) -> int | None:
    """
    >>> _seconds("0.12:00:00"), _seconds("00:10:00"), _seconds("soon")
    (43200, 600, None)
    """
    days, dot, clock = text.rpartition(".")
    parts = clock.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in (*parts, days if dot else "0")):
        return None  # the facts have the pattern
    hours, minutes, seconds = map(int, parts)
    return int(days or 0) * _SECONDS_OF_DAY + hours * 3600 + minutes * 60 + seconds

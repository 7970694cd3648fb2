"""Paths into a document: tuples while it is walked, JSON paths when they are told."""

from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]


def write_path(path: Path) -> str:
    """The path as people read it.

    >>> write_path(("properties", "activities", 2, "typeProperties", "headers", "x-key"))
    "$.properties.activities[2].typeProperties.headers['x-key']"
    """
    return "$" + "".join(_step(step) for step in path)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if step.isidentifier():
        return f".{step}"
    quoted = step.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{quoted}']"

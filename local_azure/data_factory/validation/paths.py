"""Paths into a JSON document: a tuple of keys and indexes, written out only when something is wrong there."""

Path = tuple[str | int, ...]
ROOT: Path = ()


def write_path(path: Path) -> str:
    """`$.properties.activities[2].name`, or `$['Copy data']` where a key is not a plain word."""
    return "$" + "".join(_step(step) for step in path)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if step.isidentifier():
        return f".{step}"
    quoted = step.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{quoted}']"

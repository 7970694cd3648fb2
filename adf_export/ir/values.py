"""The values of an operator's fields, as the front-end reads them: constants, templates, XComs, and what holds them.

All are frozen and tagged, so that they travel as JSON between the process that imports DAG files and the compiler.
"""

from typing import TypeAlias

import msgspec

Scalar: TypeAlias = bool | int | float | str | None


class _Value(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    pass


class Constant(_Value, frozen=True, kw_only=True):
    """A value that no rendering changes; a text in it is not a template."""

    value: Scalar


class Template(_Value, frozen=True, kw_only=True):
    """A text of a template field with Jinja in it."""

    text: str
    # Line of the template's text in the DAG file, where it was found; 0: unknown.
    line: int = 0


class Moment(_Value, frozen=True, kw_only=True):
    """A datetime, as ISO 8601 with offset."""

    iso: str


class Duration(_Value, frozen=True, kw_only=True):
    """A timedelta."""

    seconds: float


class XCom(_Value, frozen=True, kw_only=True):
    """`task.output`: one XCom of a task. Of a mapped task, the list of all its XComs."""

    task_id: str
    key: str = "return_value"


class MapItem(_Value, frozen=True, kw_only=True):
    """The element of a mapped argument that this copy of the task or group works on."""

    # Empty: the task itself is mapped.
    group_id: str
    argument: str


class DagParam(_Value, frozen=True, kw_only=True):
    """A param of the DAG with its type: `dag.param("coins")`, an argument of a function below `@dag`."""

    name: str


class Items(_Value, frozen=True, kw_only=True):
    """A list, tuple or set; of a set, sorted by its text."""

    items: "tuple[Value, ...]"


class Members(_Value, frozen=True, kw_only=True):
    """A dict with text keys, in its order."""

    members: "tuple[tuple[str, Value], ...]"


class Zip(_Value, frozen=True, kw_only=True):
    """`a.output.zip(b.output, fillvalue=..)`."""

    values: "tuple[Value, ...]"
    # None: as long as the shortest one.
    fill: "Value | None" = None


class Concat(_Value, frozen=True, kw_only=True):
    """`a.output.concat(b.output)`."""

    values: "tuple[Value, ...]"


class MapCall(_Value, frozen=True, kw_only=True):
    """`a.output.map(callable)`."""

    value: "Value"
    function: "Function"


class Function(_Value, frozen=True, kw_only=True):
    """A Python callable that a DAG hands over."""

    # Dotted name, "my_dag.choose", "my_dag.<lambda>".
    name: str
    # Its text, dedented; empty: it cannot be had.
    source: str
    line: int = 0
    # Constants of its module or closure that it names, as far as they are constants.
    constants: "tuple[tuple[str, Value], ...]" = ()


class Opaque(_Value, frozen=True, kw_only=True):
    """Something else: an object of Python that has no meaning outside of it."""

    # Dotted name of its class.
    kind: str
    text: str = ""


Value: TypeAlias = (
    Constant
    | Template
    | Moment
    | Duration
    | XCom
    | MapItem
    | DagParam
    | Items
    | Members
    | Zip
    | Concat
    | MapCall
    | Function
    | Opaque
)

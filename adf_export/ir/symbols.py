"""Names that expressions use while a DAG is translated, before it is settled which pipeline they will stand in.

They are calls of functions that Data Factory does not have; `passes/link.py` puts in what they stand for.
"""

from enum import StrEnum
from typing import Final

from adf_lang.nodes import Call, Node, call, literal


class RunField(StrEnum):
    """What a task may know of its run; each becomes a parameter or a system variable of the pipeline."""

    RUN_ID = "run_id"
    # Moments as text, ISO 8601 in UTC as utcNow() writes it: 2026-01-31T00:00:00.0000000Z.
    LOGICAL_DATE = "logical_date"
    DATA_INTERVAL_START = "data_interval_start"
    DATA_INTERVAL_END = "data_interval_end"
    RUN_AFTER = "run_after"
    # "manual" or "scheduled"
    RUN_TYPE = "run_type"
    # What the run was started with, an object; {} where nothing was given.
    CONF = "conf"


XCOM: Final = "xcom"
RUN: Final = "run"
PARAM: Final = "param"
VARIABLE: Final = "variable"
CONNECTION: Final = "connection"
MAP_ITEM: Final = "map_item"
GROUP_ITEM: Final = "group_item"
SYMBOLS: Final = frozenset({XCOM, RUN, PARAM, VARIABLE, CONNECTION, MAP_ITEM, GROUP_ITEM})


def xcom(task_id: str, key: str = "return_value") -> Call:
    """An XCom; of a mapped task the list of all its XComs, in the order of its map indexes."""
    return call(XCOM, literal(task_id), literal(key))


def run(field: RunField) -> Call:
    return call(RUN, literal(field.value))


def param(name: str) -> Call:
    """A param of the DAG, with its type."""
    return call(PARAM, literal(name))


def variable(name: str, default: Node | None = None) -> Call:
    """An Airflow Variable, as text: it becomes a global parameter.

    With a second argument: that is taken where the environment file has no such variable, and nobody is warned.
    """
    return call(VARIABLE, literal(name), *(() if default is None else (default,)))


def connection(conn_id: str, field: str) -> Call:
    """A field of a connection that is no secret: host, schema, login, port, conn_type, or `extra.<name>`."""
    return call(CONNECTION, literal(conn_id), literal(field))


def map_item() -> Call:
    """The element that a copy of a mapped task works on: an object with a member for each mapped argument."""
    return call(MAP_ITEM)


def group_item(group_id: str, argument: str) -> Call:
    """The element of a mapped group's argument that this copy of the group works on."""
    return call(GROUP_ITEM, literal(group_id), literal(argument))

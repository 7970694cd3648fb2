"""The DAG of these tests, once as the compiler sees it and once as Airflow does, and random runs of it."""

import datetime
import json
import random
from dataclasses import dataclass, field
from typing import Any

from adf_export.diagnostics import Diagnostic
from adf_export.ir.dag import Dag, Mapping, Param, Schedule, Task
from adf_export.ir.factory import Json, Object
from adf_export.ir.origin import Origin
from adf_export.ir.symbols import SYMBOLS
from adf_export.ir.values import Constant, Items
from adf_export.templating import Scope
from adf_lang import Scope as Names
from adf_lang import evaluate
from adf_lang.nodes import Call, Index, Interpolation, Literal, Node, Property, call, select

TEXTS = (
    "",
    "a",
    "prod",
    "Ab c",
    "it's",
    'say "hi"',
    "a\\b",
    "x@{y}",
    "é",
    "2026-01-31",
    "None",
    "b/c?d=e&f",
    "<p>",
    "l1\nl2",
)
# name -> JSON Schema, values that it takes; the first one is the default.
PARAMS: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "text": ({"type": "string"}, TEXTS),
    "maybe": ({"type": ["null", "string"]}, (None, *TEXTS)),
    "day": ({"type": "string", "format": "date"}, ("2026-01-31", "2024-02-28", "2023-12-31")),
    "whole": ({"type": "integer"}, (3, 0, 1, 2, 7, 12, -1, -7, 1000, 2**40)),
    "count": ({"type": ["null", "integer"]}, (None, 0, 1, 5)),
    "number": ({"type": "number"}, (1.5, 0.25, -2.75, 3, 0)),
    "flag": ({"type": "boolean"}, (True, False)),
    "words": ({"type": "array", "items": {"type": "string"}}, (["a"], ["b", "c"], [], ["x y", "z", ""])),
    "numbers": ({"type": "array", "items": {"type": "integer"}}, ([3, 1], [2], [5, 5, -1])),
    "table": ({"type": "object"}, ({"a": 1, "b": "x"}, {"a": 5, "b": ""}, {"a": 2, "b": 'q"q'})),
    "mode": ({"enum": ["fast", "slow", "off"]}, ("fast", "slow", "off")),
    "untyped": ({}, ("plain", "other", "")),
}
XCOMS: dict[tuple[str, str], tuple[Any, ...]] = {
    ("extract", "return_value"): (
        {"path": "a/b", "rows": 3, "parts": ["x", "y"]},
        {"path": "", "rows": 0, "parts": ["z"]},
    ),
    ("extract", "status"): ("ok", "bad", "it's"),
    ("count", "return_value"): (5, 0, 12, -3),
    ("mapped", "return_value"): ([1, 2], [7], ["a", "b", "c"]),
}
CONFS = ({}, {"message": "hi"}, {"message": "it's", "level": 3}, {"level": 0})
VARIABLES = {
    "root": ("https://store/x", "s3://b"),
    "config": ('{"a": {"b": 1}, "list": ["p", "q"]}', '{"a": {"b": "z"}, "list": ["q", "r"]}'),
}
CONNECTIONS = {
    "web": {
        "host": "example.org",
        "port": 8080,
        "schema": "https",
        "login": "me",
        "conn_type": "http",
        "extra.region": "eu",
    }
}


def task(task_id: str, **more: Any) -> Task:
    return Task(task_id=task_id, origin=Origin(file="dag.py", line=7), operator="airflow.Operator", owner="ann", **more)


def dag(*, native: bool = False) -> Dag:
    params = tuple(
        Param(name=name, default=json.dumps(values[0]), schema=json.dumps(schema))
        for name, (schema, values) in PARAMS.items()
    )
    over = Mapping(expand=(("x", Items(items=(Constant(value=1),))),))
    return Dag(
        dag_id="sales",
        origin=Origin(file="dag.py", line=3),
        schedule=Schedule(timetable="NullTimetable", text="", manual_interval_is_point=True),
        description="Daily sales",
        owner="ann",
        tasks=(task("load", retries=2), task("extract"), task("count"), task("mapped", mapping=over)),
        params=params,
        render_template_as_native_obj=native,
        macros=(("company", Constant(value="Contoso")),),
    )


def scope(reported: list[Diagnostic], *, native: bool = False) -> Scope:
    of = dag(native=native)
    return Scope(
        dag=of,
        task=of.task("load"),
        origin=Origin(file="dag.py", line=7, task_id="load", field="f"),
        is_template=True,
        report=reported.append,
    )


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run gives to its templates."""

    logical_date: datetime.datetime
    interval: tuple[datetime.datetime, datetime.datetime]
    run_after: datetime.datetime
    run_id: str
    run_type: str
    params: dict[str, Any]
    xcoms: dict[tuple[str, str], Any]
    conf: dict[str, Any]
    variables: dict[str, str]
    symbols: dict[str, Any] = field(default_factory=dict)


def random_run(chance: random.Random) -> Run:
    moments = [_moment(chance) for _ in range(4)]
    run_type = chance.choice(("manual", "scheduled"))
    return Run(
        logical_date=moments[0],
        interval=(moments[1], moments[2]),
        run_after=moments[3],
        run_id=f"{run_type}__{moments[0].isoformat()}",
        run_type=run_type,
        params={name: chance.choice(values) for name, (_, values) in PARAMS.items()},
        xcoms={name: chance.choice(values) for name, values in XCOMS.items()},
        conf=chance.choice(CONFS),
        variables={name: chance.choice(values) for name, values in VARIABLES.items()},
    )


def _moment(chance: random.Random) -> datetime.datetime:
    start = datetime.datetime(1999, 1, 1, tzinfo=datetime.UTC)
    moment = start + datetime.timedelta(seconds=chance.randrange(40 * 366 * 86_400))
    way = chance.randrange(4)
    if way == 0:
        return moment.replace(hour=0, minute=0, second=0)
    return moment.replace(microsecond=chance.choice((123_456, 100_000, 5))) if way == 1 else moment


def value_of(value: Json, run: Run) -> Any:
    """What a value of a document is at run time: symbols are filled in, expressions evaluated."""
    if isinstance(value, Object):
        return {name: value_of(member, run) for name, member in value.members}
    if isinstance(value, tuple):
        return [value_of(item, run) for item in value]
    if not isinstance(value, Node):
        return value
    given: dict[str, Any] = {}
    node = fill(value, run, given)
    # By its text, as Data Factory gets it.
    return evaluate(str(node), Names(parameters=given, now=lambda: run.run_after))


def fill(node: Node, run: Run, given: dict[str, Any]) -> Node:
    """The node with parameters in place of symbols."""
    if isinstance(node, Call):
        if node.name in SYMBOLS:
            name = f"p{len(given)}"
            given[name] = _symbol(node, run, given)
            return select(call("pipeline"), "parameters", name)
        return call(node.name, *(fill(argument, run, given) for argument in node.arguments))
    if isinstance(node, Property):
        return Property(target=fill(node.target, run, given), name=node.name, safe=node.safe)
    if isinstance(node, Index):
        return Index(target=fill(node.target, run, given), index=fill(node.index, run, given), safe=node.safe)
    if isinstance(node, Interpolation):
        return Interpolation(
            parts=tuple(fill(part, run, given) if isinstance(part, Node) else part for part in node.parts)
        )
    return node


def _symbol(node: Call, run: Run, given: dict[str, Any]) -> Any:
    names = [argument.value for argument in node.arguments if isinstance(argument, Literal)]
    if node.name == "run":
        return _run_field(str(names[0]), run)
    if node.name == "param":
        return run.params[str(names[0])]
    if node.name == "xcom":
        return run.xcoms[str(names[0]), str(names[1])]
    if node.name == "connection":
        return CONNECTIONS[str(names[0])][str(names[1])]
    assert node.name == "variable"
    if names[0] not in run.variables and len(node.arguments) > 1:
        return evaluate(str(fill(node.arguments[1], run, given)), Names(parameters=given))
    return run.variables[str(names[0])]


def _run_field(name: str, run: Run) -> Any:
    moments = {
        "logical_date": run.logical_date,
        "data_interval_start": run.interval[0],
        "data_interval_end": run.interval[1],
        "run_after": run.run_after,
    }
    if name in moments:
        return moments[name].strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
    return {"run_id": run.run_id, "run_type": run.run_type, "conf": run.conf}[name]

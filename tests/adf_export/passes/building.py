"""Small DAGs and drafts, and what runs them in the local Data Factory."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adf_export.compiler import Compiled, assemble
from adf_export.context import Context
from adf_export.environment import Environment
from adf_export.ir.dag import Dag, Schedule, Task
from adf_export.ir.factory import Activity, Dependency, Role, obj
from adf_export.ir.origin import Origin
from adf_export.ir.unit import Draft, Unit
from adf_export.passes.emit import emit
from tests.adf_export.running import run_in_local_factory
from tests.data_factory.harness import Done

MANUAL = Schedule(timetable="NullTimetable", text="", manual_interval_is_point=True)
Pass = Callable[[Draft, Context], Draft]


def place(task_id: str = "") -> Origin:
    return Origin(file="dag.py", line=1, dag_id="d", task_id=task_id)


def dag(*tasks: Task, **more: Any) -> Dag:
    return Dag(**{"dag_id": "d", "origin": place(), "schedule": MANUAL, "tasks": tasks, **more})


def task(task_id: str, *upstream: str, **more: Any) -> Task:
    return Task(task_id=task_id, origin=place(task_id), operator="x.Y", upstream=upstream, **more)


def web(name: str, task_id: str = "", **more: Any) -> Activity:
    url = obj(url="https://nobody.invalid/", method="GET")
    return Activity(
        **{
            "name": name,
            "type": "WebActivity",
            "role": Role.TASK,
            "origin": place(task_id or name),
            "properties": url,
            **more,
        }
    )


def keep(name: str, value: Any, variable: str = "kept") -> Activity:
    """An activity whose output shows a value."""
    properties = obj(variableName=variable, value=value)
    return Activity(name=name, type="SetVariable", role=Role.TASK, origin=place(name), properties=properties)


def unit(step: Activity, of: Task, **more: Any) -> Unit:
    return Unit(
        **{
            "id": of.task_id,
            "origin": of.origin,
            "tasks": (of.task_id,),
            "rule": of.trigger_rule,
            "upstream": of.upstream,
            "steps": (step,),
            **more,
        }
    )


def draft(of: Dag, *units: Unit, **more: Any) -> Draft:
    return Draft(**{"dag": of, "name": "main", "units": units, **more})


def chain(found: Draft, _: Context) -> Draft:
    """Wires units as where every rule is all_success: plain edges from last steps to first ones."""
    activities: list[Activity] = []
    for one in found.units:
        edges = tuple(Dependency(activity=found.unit(name).steps[-1].name) for name in one.upstream)
        first, *others = one.steps
        activities += [replace(first, depends_on=edges), *others]
    return replace(found, activities=tuple(activities))


def context(**environment: Any) -> Context:
    return Context(environment=Environment(**environment))


def run(folder: Path, found: Draft, using: Context, *passes: Pass, **more: Any) -> Done:
    """The draft through passes, then in the local Data Factory."""
    for step in passes:
        found = step(found, using)
    pipelines = emit(found, using)
    whole = Compiled(dag=found.dag, pipelines=pipelines, resources=found.resources, diagnostics=())
    return run_in_local_factory(folder, assemble([whole], using.environment), "main", **more)


def codes(using: Context) -> list[str]:
    return [one.code for one in using.diagnostics]


Given = Mapping[str, Any]

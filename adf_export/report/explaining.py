"""Tells how one task or DAG became what: documents, what they wait for in words, helpers and why they are there."""

from collections.abc import Iterator
from typing import Any, Final

from rich.text import Text

from adf_export.backends.activities import write_activity
from adf_export.backends.documents import text as json_text
from adf_export.compiler import Compiled
from adf_export.ir.dag import Task, TriggerRule
from adf_export.ir.factory import Activity, Condition, Dependency, Role
from adf_export.report.as_json import diagnostic_as_json
from adf_export.report.as_text import diagnostic_text
from adf_export.report.model import DagReport, Report, TaskReport

_WORDS: Final = {
    Condition.SUCCEEDED: "succeeded",
    Condition.FAILED: "failed",
    Condition.SKIPPED: "was skipped",
    Condition.COMPLETED: "ran to an end, well or not",
}


def in_words(edge: Dependency) -> str:
    """What an entry of dependsOn asks for.

    >>> in_words(Dependency(activity="load", conditions=(Condition.FAILED, Condition.SKIPPED)))
    "'load' failed or was skipped"
    """
    conditions = set(edge.conditions)
    if Condition.COMPLETED in conditions:
        conditions -= {Condition.SUCCEEDED, Condition.FAILED}
    if conditions == {Condition.COMPLETED, Condition.SKIPPED}:
        return f"'{edge.activity}' ended, in whatever way"
    return f"'{edge.activity}' {' or '.join(_WORDS[one] for one in Condition if one in conditions)}"


def explain_json(compiled: Compiled, dag: DagReport, report: Report, task_id: str = "") -> dict[str, Any]:
    """The same for other programs; `task_id` empty: all tasks, and what serves the run."""
    tasks = [_task_json(compiled.dag.task(task.task_id), task, compiled, report) for task in _asked(dag, task_id)]
    return {
        "dag_id": dag.dag_id,
        "file": report.file(dag.origin),
        "line": dag.origin.line,
        "exported": dag.exported,
        "tasks": tasks,
        **({} if task_id else {"run": [_activity_json(*found) for found in _of_run(compiled)]}),
        "diagnostics": [diagnostic_as_json(found, report) for found in dag.diagnostics],
    }


def explain_text(compiled: Compiled, dag: DagReport, report: Report, task_id: str = "") -> Text:
    """Tasks in short; one task with the JSON of its activities."""
    return Text("\n").join(_lines(compiled, dag, report, task_id))


def _lines(compiled: Compiled, dag: DagReport, report: Report, task_id: str) -> Iterator[Text]:
    fate = "is exported" if dag.exported else "is left out: it has an error"
    yield Text.assemble((dag.dag_id, "bold"), f" {fate} ", (report.place(dag.origin), "dim"))
    if not task_id:
        yield from (diagnostic_text(found, report) for found in dag.diagnostics)
    for task in _asked(dag, task_id):
        yield Text()
        yield from _task(compiled.dag.task(task.task_id), task, compiled, report, whole=bool(task_id))
    of_run = [] if task_id else list(_of_run(compiled))
    if of_run:
        yield Text("\nThe run as a whole", style="bold")
        yield from (line for path, activity in of_run for line in _activity(path, activity))


def _asked(dag: DagReport, task_id: str) -> Iterator[TaskReport]:
    yield from (task for task in dag.tasks if task_id in ("", task.task_id))


def _task(task: Task, told: TaskReport, compiled: Compiled, report: Report, *, whole: bool) -> Iterator[Text]:
    yield Text.assemble(
        (task.task_id, "bold"), f"  {told.operator}: {told.verdict}  ", (report.place(task.origin), "dim")
    )
    for line in waits_for(task):
        yield Text(f"  in Airflow: {line}")
    for path, activity in _of_task(compiled, task.task_id):
        yield from _activity(path, activity)
        if whole:
            yield Text(_indented(json_text(write_activity(activity))), style="cyan")
    yield from (diagnostic_text(found, report) for found in told.diagnostics)


def waits_for(task: Task) -> Iterator[str]:
    """When Airflow starts a task."""
    if task.upstream:
        named = ", ".join(f"'{upstream}'" for upstream in task.upstream)
        yield f"{task.trigger_rule} of {named}"
    elif task.trigger_rule is not TriggerRule.ALL_SUCCESS:
        yield f"{task.trigger_rule}, of no task"


def _activity(path: str, activity: Activity) -> Iterator[Text]:
    kind = "helper " if activity.role is Role.HELPER else ""
    line = Text.assemble("  -> ", (f"{kind}{activity.type} ", "dim" if kind else ""), (f"'{activity.name}'", "green"))
    line.append(f"  in {path}", style="dim")
    if activity.description:
        line.append(f"\n       {activity.description}")
    for edge in activity.depends_on:
        line.append(f"\n       after {in_words(edge)}")
    yield line


def _task_json(task: Task, told: TaskReport, compiled: Compiled, report: Report) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "operator": task.operator,
        "verdict": str(told.verdict),
        "file": report.file(task.origin),
        "line": task.origin.line,
        "trigger_rule": str(task.trigger_rule),
        "upstream": list(task.upstream),
        "activities": [_activity_json(*found) for found in _of_task(compiled, task.task_id)],
        "diagnostics": [diagnostic_as_json(found, report) for found in told.diagnostics],
    }


def _activity_json(path: str, activity: Activity) -> dict[str, Any]:
    return {
        "in": path,
        "helper": activity.role is Role.HELPER,
        "why": activity.description,
        "after": [in_words(edge) for edge in activity.depends_on],
        "activity": write_activity(activity),
    }


def _of_task(compiled: Compiled, task_id: str) -> Iterator[tuple[str, Activity]]:
    """The activities of a task; those inside of one of its own containers too."""
    yield from (found for found in _placed(compiled) if found[1].origin.task_id == task_id)


def _of_run(compiled: Compiled) -> Iterator[tuple[str, Activity]]:
    tasks = {task.task_id for task in compiled.dag.tasks}
    yield from (found for found in _placed(compiled) if found[1].origin.task_id not in tasks)


def _placed(compiled: Compiled) -> Iterator[tuple[str, Activity]]:
    """(pipeline, then the containers around it, the activity)"""
    for pipeline in compiled.pipelines:
        yield from _below(f"pipeline {pipeline.name}", pipeline.activities)


def _below(path: str, activities: tuple[Activity, ...]) -> Iterator[tuple[str, Activity]]:
    for activity in activities:
        yield path, activity
        for body in activity.bodies:
            yield from _below(f"{path} / {activity.name}", body.activities)


def _indented(text: str) -> str:
    return "\n".join(f"       {line}" for line in text.rstrip().splitlines())

"""Makes the report of a session."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from adf_export.codes import Severity
from adf_export.compiler import Compiled
from adf_export.diagnostics import Diagnostic, has_errors
from adf_export.ir.dag import Task
from adf_export.ir.factory import Pipeline, Role, inside
from adf_export.report.model import ActivityReport, DagReport, Report, TaskReport, Verdict, short_operator
from adf_export.session import Session


def report_of(session: Session) -> Report:
    """What became of each DAG and task."""
    told: dict[str, list[Diagnostic]] = defaultdict(list)
    for found in session.diagnostics:
        told[found.origin.dag_id].append(found)
    known = {one.dag.dag_id for one in session.compiled}
    return Report(
        dags=tuple(
            _dag(one, told[one.dag.dag_id], exported=one.dag.dag_id in session.exported) for one in session.compiled
        ),
        diagnostics=tuple(found for dag_id in sorted(told) if dag_id not in known for found in told[dag_id]),
        blocked=session.blocked,
    )


def _dag(compiled: Compiled, told: Iterable[Diagnostic], *, exported: bool) -> DagReport:
    dag = compiled.dag
    by_task: dict[str, list[Diagnostic]] = defaultdict(list)
    tasks = {task.task_id for task in dag.tasks}
    for found in told:
        by_task[found.origin.task_id if found.origin.task_id in tasks else ""].append(found)
    pipelines = compiled.pipelines if exported else ()
    activities = _activities(pipelines)
    return DagReport(
        dag_id=dag.dag_id,
        origin=dag.origin,
        exported=exported,
        pipelines=tuple(pipeline.name for pipeline in pipelines),
        tasks=tuple(_task(task, by_task[task.task_id], activities.get(task.task_id, [])) for task in dag.tasks),
        helpers=tuple(one for task_id in sorted(set(activities) - tasks) for one in activities[task_id]),
        diagnostics=tuple(by_task[""]),
    )


def _task(task: Task, told: list[Diagnostic], activities: list[ActivityReport]) -> TaskReport:
    return TaskReport(
        task_id=task.task_id,
        operator=short_operator(task.operator),
        verdict=_verdict(told),
        origin=task.origin,
        activities=tuple(activities),
        diagnostics=tuple(told),
    )


def _verdict(told: list[Diagnostic]) -> Verdict:
    if has_errors(told):
        return Verdict.REFUSED
    if any(found.severity is Severity.WARNING for found in told):
        return Verdict.APPROXIMATED
    return Verdict.NATIVE


def _activities(pipelines: Iterable[Pipeline]) -> Mapping[str, list[ActivityReport]]:
    """The activities that work for a task, by its id; those inside of containers too."""
    found: dict[str, list[ActivityReport]] = defaultdict(list)
    for task_id, activity in _each(pipelines):
        found[task_id].append(activity)
    return found


def _each(pipelines: Iterable[Pipeline]) -> Iterator[tuple[str, ActivityReport]]:
    for pipeline in pipelines:
        for activity in inside(pipeline.activities):
            yield (
                activity.origin.task_id,
                ActivityReport(
                    pipeline=pipeline.name,
                    name=activity.name,
                    type=activity.type,
                    helper=activity.role is Role.HELPER,
                    why=activity.description,
                ),
            )

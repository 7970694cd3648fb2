"""The report as one JSON document."""

from typing import Any, Final

import msgspec

from adf_export.diagnostics import Diagnostic
from adf_export.report.model import DagReport, Report, TaskReport

# Of the document's form; it grows when a member changes its meaning or goes.
VERSION: Final = 1


def as_json(report: Report) -> dict[str, Any]:
    """Totals, every DAG with its tasks, and what is about no DAG."""
    return {
        "version": VERSION,
        "totals": dict(report.totals()),
        "blocked": report.blocked,
        "dags": [_dag(dag, report) for dag in report.dags],
        "diagnostics": [diagnostic_as_json(found, report) for found in report.diagnostics],
    }


def diagnostic_as_json(found: Diagnostic, report: Report) -> dict[str, Any]:
    origin = found.origin
    return {
        "code": found.code,
        "severity": str(found.severity),
        "summary": found.summary,
        "detail": found.detail,
        "remedy": found.hint,
        "file": report.file(origin),
        "line": origin.line,
        "dag_id": origin.dag_id,
        "task_id": origin.task_id,
        "field": origin.field,
        "path": found.path,
    }


def _dag(dag: DagReport, report: Report) -> dict[str, Any]:
    return {
        "dag_id": dag.dag_id,
        "file": report.file(dag.origin),
        "line": dag.origin.line,
        "exported": dag.exported,
        "pipelines": list(dag.pipelines),
        "tasks": [_task(task, report) for task in dag.tasks],
        "helpers": [msgspec.to_builtins(activity) for activity in dag.helpers],
        "diagnostics": [diagnostic_as_json(found, report) for found in dag.diagnostics],
    }


def _task(task: TaskReport, report: Report) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "operator": task.operator,
        "verdict": str(task.verdict),
        "file": report.file(task.origin),
        "line": task.origin.line,
        "activities": [msgspec.to_builtins(activity) for activity in task.activities],
        "diagnostics": [diagnostic_as_json(found, report) for found in task.diagnostics],
    }

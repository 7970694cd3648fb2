"""Tells of callbacks: no code of Airflow runs in Data Factory."""

from adf_export.codes import CALLBACK_NOT_EXPORTED
from adf_export.context import Context
from adf_export.diagnostics import diagnostic
from adf_export.ir.dag import Callback
from adf_export.ir.origin import Origin
from adf_export.ir.unit import Draft


def callbacks(draft: Draft, context: Context) -> Draft:
    """Tells of every callback of the DAG and its tasks; the draft stays as it is."""
    dag = draft.dag
    for callback in dag.callbacks:
        _tell(callback, f"DAG '{dag.dag_id}'", dag.origin, context)
    for task in dag.tasks:
        for callback in task.callbacks:
            _tell(callback, f"task '{task.task_id}'", task.origin, context)
    return draft


def _tell(callback: Callback, owner: str, origin: Origin, context: Context) -> None:
    summary = f"{callback.event} '{callback.name}' of {owner} is not exported"
    hint = "let a task with a trigger rule do it, or set an alert on the pipeline"
    context.report(diagnostic(CALLBACK_NOT_EXPORTED, summary, origin=origin, hint=hint))

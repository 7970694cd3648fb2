"""Makes failure paths of callbacks: what a notifier sends becomes activities behind the task, or behind the run.

A function that Airflow would call is told and left out: no code of Airflow runs in Data Factory.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import msgspec

from adf_export.codes import CALLBACK_NOT_EXPORTED
from adf_export.context import Context
from adf_export.diagnostics import diagnostic
from adf_export.ir.dag import Callback, Dag, Task, TriggerRule
from adf_export.ir.factory import Role
from adf_export.ir.origin import Origin
from adf_export.ir.unit import Draft, Notice
from adf_export.ir.values import Constant, Template
from adf_export.operators.registry import notifiers
from adf_export.operators.workbench import Workbench
from adf_export.passes.translate import account_for_fields, join

FAILURE: Final = "on_failure_callback"
# Events of a task whose notifiers become activities.
EVENTS: Final = (FAILURE, "on_success_callback")
_RUN: Final = "run"
# Names of a template that are about a task: for a run, Airflow takes whichever task it looked at last.
_OF_TASK: Final = re.compile(r"\b(exception|task|task_instance|ti)\b")


def callbacks(draft: Draft, context: Context) -> Draft:
    """The draft with the notices of its callbacks.

    Raises:
        Refusal: a notifier has a field that its activity cannot honour.
    """
    whole = {unit.id for unit in draft.units}
    for task in draft.dag.tasks:
        for callback in task.callbacks:
            # A task that stands in a loop or in a pipeline of its own has no end of its own here.
            known = callback.name in notifiers() and task.task_id in whole and task.mapping is None
            if known and callback.event in EVENTS:
                draft = _with(draft, callback, task, task.task_id, context)
            else:
                _tell(callback, f"task '{task.task_id}'", task.origin, context)
    for callback in draft.dag.callbacks:
        if callback.name in notifiers() and callback.event == FAILURE and not _is_about_task(callback):
            draft = _with(draft, callback, _task_of_run(draft.dag), "", context)
        else:
            _tell(callback, f"DAG '{draft.dag.dag_id}'", draft.dag.origin, context)
    return draft


def _with(draft: Draft, callback: Callback, task: Task, of: str, context: Context) -> Draft:
    notifier = notifiers()[callback.name]
    bench = Workbench(_notifying(task, callback), draft.dag, context)
    unit = notifier.translate(bench)
    account_for_fields(notifier, bench)
    steps = tuple(replace(step, role=Role.HELPER) for step in unit.steps)
    notice = Notice(of=of, event=callback.event, steps=steps)
    return replace(draft, notices=(*draft.notices, notice), resources=join(draft.resources, bench.resources()))


def _notifying(task: Task, callback: Callback) -> Task:
    """The task as its notifier sees it: with the notifier's arguments for fields."""
    given = tuple(_given(callback))
    return msgspec.structs.replace(
        task,
        operator=callback.name,
        fields=callback.arguments,
        given=given,
        template_fields=given,
        field_lines=(),
        trigger_rule=TriggerRule.ALL_SUCCESS,
        retries=0,
    )


def _given(callback: Callback) -> Iterator[str]:
    return (name for name, value in callback.arguments if value != Constant(value=None))


def _is_about_task(callback: Callback) -> bool:
    return any(_OF_TASK.search(value.text) for _, value in callback.arguments if isinstance(value, Template))


def _task_of_run(dag: Dag) -> Task:
    return Task(task_id=_RUN, origin=dag.origin, operator="")


def _tell(callback: Callback, owner: str, origin: Origin, context: Context) -> None:
    summary = f"{callback.event} '{callback.name}' of {owner} is not exported"
    hint = "let a task with a trigger rule do it, or set an alert on the pipeline"
    context.report(diagnostic(CALLBACK_NOT_EXPORTED, summary, origin=origin, hint=hint))

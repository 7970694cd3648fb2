"""A task context as small as operators need it, and operators rendered as Airflow renders them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow.sdk import BaseOperator

from tests.fakes.clock import StepClock


@dataclass(frozen=True, slots=True)
class Run:
    """The attributes of a DagRun that templates read."""

    run_id: str
    run_after: datetime


def run(task: BaseOperator, clock: StepClock, *, at: datetime, **params: Any) -> Any:
    """Render the task's templates and execute it at the clock's time."""
    dag_run = Run(run_id=f"manual__{at.isoformat()}", run_after=at)
    context: Any = {"dag_run": dag_run, "run_id": dag_run.run_id, "params": params}
    task.render_template_fields(context, task.get_template_env())
    vars(task)["clock"] = clock
    return task.execute(context)

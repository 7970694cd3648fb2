"""What a template may use: the DAG, the task and the place of the field it stands in."""

from collections.abc import Callable
from dataclasses import dataclass

from adf_export.diagnostics import Diagnostic
from adf_export.ir.dag import Dag, Task
from adf_export.ir.origin import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Of one field of one task."""

    dag: Dag
    task: Task
    origin: Origin
    # Whether Airflow renders the field; texts of other fields are what they are.
    is_template: bool
    report: Callable[[Diagnostic], None]

"""The failure path of a DAG: leaves a report of the failed tasks in Blob Storage, then fails the run."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from adf_export_airflow.landing_names import landing_name

if TYPE_CHECKING:
    from airflow.sdk import Context

FAILED_STATES = frozenset({"failed", "upstream_failed"})


class LandFailureReportOperator(BaseOperator):
    """Writes `_failures/<dag_id>/ingest_date=YYYY-MM-DD/<run_name>.json` and raises; use it with `one_failed`.

    It raises so that the run fails: Airflow takes a run's state from its leaf tasks, and a failure path that
    succeeded would turn a failed run into a successful one.
    """

    template_fields: Sequence[str] = ("ingest_date", "run_name", "container", "wasb_conn_id")

    def __init__(
        self,
        *,
        ingest_date: str,
        run_name: str,
        container: str = "landing",
        wasb_conn_id: str = "wasb_default",
        **kwargs: object,
    ) -> None:
        super().__init__(**{"retries": 1, **kwargs})  # type: ignore[arg-type]  # BaseOperator's own keywords
        self.ingest_date = ingest_date
        self.run_name = run_name
        self.container = container
        self.wasb_conn_id = wasb_conn_id

    def execute(self, context: "Context") -> None:
        from airflow.providers.microsoft.azure.hooks.wasb import WasbHook

        run = context["dag_run"]
        states = context["ti"].get_task_states(dag_id=run.dag_id, run_ids=[run.run_id])[run.run_id]
        failed = sorted(task for task, state in states.items() if state in FAILED_STATES)
        report = {"dag_id": run.dag_id, "run_id": run.run_id, "failed": failed, "states": states}
        blob = f"_failures/{run.dag_id}/ingest_date={self.ingest_date}/{landing_name(str(self.run_name))}.json"
        WasbHook(wasb_conn_id=self.wasb_conn_id).load_string(
            json.dumps(report, indent=2, sort_keys=True, default=str), self.container, blob, overwrite=True
        )
        raise AirflowFailException(f"{', '.join(failed)} failed: report in {self.container}/{blob}")

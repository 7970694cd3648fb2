"""LandFailureReportOperator: a Web activity writes the report, a Fail activity fails the run."""

from adf_export.codes import BEHAVIOUR_DIFFERS
from adf_export.ir.factory import (
    Policy,
    obj,
)
from adf_export.ir.symbols import RunField, run
from adf_export.ir.unit import Unit
from adf_export.operators import blobs
from adf_export.operators.coingecko_service import ingest_date, once, run_name
from adf_export.operators.web_requests import as_text
from adf_export.operators.workbench import Workbench
from adf_lang.nodes import call, literal, select


def report_failure(bench: Workbench) -> Unit:
    """A blob that names the run, then the failure."""
    lake = bench.connection("wasb_conn_id", default=blobs.DEFAULT)
    if lake.secret:
        raise bench.connection_fault(lake, "has a secret, and a Web activity writes a blob by managed identity only")
    bench.tell(
        BEHAVIOUR_DIFFERS,
        f"the report of '{bench.task.task_id}' names the runs, not the states of the tasks: the monitoring page does",
    )
    container = bench.value("container") if bench.has("container") else "landing"
    name = run_name(bench)
    dag_id = bench.dag.dag_id
    path = as_text(f"_failures/{dag_id}/ingest_date=", ingest_date(bench), "/", name, ".json")
    report = bench.activity(
        bench.name(),
        "WebActivity",
        obj(
            method="PUT",
            url=as_text(f"{blobs.endpoint(lake)}/", container, "/", path),
            headers=obj(
                {
                    "Content-Type": "application/json",
                    "x-ms-blob-type": "BlockBlob",
                    "x-ms-date": call("utcNow", literal("R")),
                    "x-ms-version": "2021-12-02",
                }
            ),
            body=obj(dag_id=dag_id, run_id=run(RunField.RUN_ID), pipeline_run_id=select(call("pipeline"), "RunId")),
            authentication=obj(type="MSI", resource="https://storage.azure.com"),
        ),
        policy=Policy(retry=bench.task.retries, retry_interval_seconds=max(30, int(bench.task.retry_delay_seconds))),
    )
    fail = bench.activity(
        bench.name("fail"),
        "Fail",
        obj(message=as_text("tasks failed: report in ", container, "/", path), errorCode="TasksFailed"),
        after=(report.name,),
    )
    return bench.unit(report, fail, attempts=once(bench))

"""Renders templates with Airflow's own environment, macros and filters, for one run of the DAG of these tests."""

import json
from typing import Any

from airflow.sdk import DAG
from airflow.sdk._shared.timezones.timezone import coerce_datetime
from airflow.sdk.api.datamodels._generated import DagRun
from airflow.sdk.definitions.context import render_template_as_native, render_template_to_string
from airflow.sdk.execution_time.context import MacrosAccessor

from tests.adf_export.templating.world import CONNECTIONS, Run


class Pulls:
    """The task instance: what xcom_pull gives, by the rules of Airflow's RuntimeTaskInstance."""

    task_id, dag_id, map_index = "load", "sales", -1

    def __init__(self, run: Run) -> None:
        self.run_id = run.run_id
        self._xcoms = run.xcoms

    def xcom_pull(
        self,
        task_ids: Any = None,
        dag_id: Any = None,
        key: str = "return_value",
        *,
        map_indexes: Any = ...,
        default: Any = None,
    ) -> Any:
        single = isinstance(task_ids, str)
        found: list[Any] = []
        for task_id in [task_ids] if single else task_ids:
            values = self._xcoms[task_id, key] if task_id == "mapped" else [self._xcoms[task_id, key]]
            if isinstance(map_indexes, int) and map_indexes >= 0:
                return values[map_indexes]
            found += values
        return found[0] if single and len(found) == 1 else found


class Variables:
    def __init__(self, run: Run, *, read: bool) -> None:
        self._run, self._read = run, read

    def __getattr__(self, name: str) -> Any:
        text = self._run.variables[name]
        return json.loads(text) if self._read else text

    def get(self, name: str, default: Any = None) -> Any:
        return getattr(self, name) if name in self._run.variables else default


class Fields:
    """An object with these attributes."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


class Connections:
    def __getattr__(self, conn_id: str) -> Any:
        fields = CONNECTIONS[conn_id]
        extra = {name.removeprefix("extra."): value for name, value in fields.items() if name.startswith("extra.")}
        return Fields(conn_id=conn_id, extra_dejson=extra, **{k: v for k, v in fields.items() if "." not in k})

    def get(self, conn_id: str) -> Any:
        return getattr(self, conn_id)


def context(run: Run) -> dict[str, Any]:
    """The names of a template, as RuntimeTaskInstance.get_template_context gives them."""
    date = coerce_datetime(run.logical_date)
    ds, ts = date.strftime("%Y-%m-%d"), date.isoformat()
    dag_run = DagRun(
        dag_id="sales",
        run_id=run.run_id,
        logical_date=run.logical_date,
        data_interval_start=run.interval[0],
        data_interval_end=run.interval[1],
        run_after=run.run_after,
        start_date=None,
        end_date=None,
        run_type=run.run_type,
        state="running",
        conf=run.conf,
        consumed_asset_events=[],
        partition_key=None,
    )
    ti = Pulls(run)
    return {
        "conn": Connections(),
        "dag": Fields(dag_id="sales", description="Daily sales", owner="ann"),
        "dag_run": dag_run,
        "data_interval_end": coerce_datetime(run.interval[1]),
        "data_interval_start": coerce_datetime(run.interval[0]),
        "ds": ds,
        "ds_nodash": ds.replace("-", ""),
        "logical_date": date,
        "macros": MacrosAccessor(),
        "params": run.params,
        "run_id": run.run_id,
        "task": Fields(task_id="load", owner="ann", retries=2, task_type="Operator"),
        "task_instance": ti,
        "task_instance_key_str": f"sales__load__{ds.replace('-', '')}",
        "ti": ti,
        "ts": ts,
        "ts_nodash": date.strftime("%Y%m%dT%H%M%S"),
        "ts_nodash_with_tz": ts.replace("-", "").replace(":", ""),
        "var": {"value": Variables(run, read=False), "json": Variables(run, read=True)},
    }


def environment(*, native: bool) -> Any:
    dag = DAG("sales", render_template_as_native_obj=native, user_defined_macros={"company": "Contoso"}, schedule=None)
    return dag.get_template_env()


def render(template: str, env: Any, run: Run, *, native: bool) -> Any:
    """What Airflow makes of a template."""
    draw = render_template_as_native if native else render_template_to_string
    names: Any = context(run)
    return draw(env.from_string(template), names)

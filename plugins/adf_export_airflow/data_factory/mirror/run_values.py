"""Parameters that an exported pipeline has besides the params of its DAG: what it wants to know of the Airflow run."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from adf_export_airflow.data_factory.mirror.plan import Parameter


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if value is not None else None


# Name of the parameter -> its value for a DAG run; None where Airflow has none, then the pipeline's default counts.
SOURCES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "logical_date": lambda dag_run: _moment(dag_run.logical_date),
    "data_interval_start": lambda dag_run: _moment(dag_run.data_interval_start),
    "data_interval_end": lambda dag_run: _moment(dag_run.data_interval_end),
    "run_after": lambda dag_run: _moment(dag_run.run_after),
    "conf": lambda dag_run: dict(dag_run.conf or {}),
}


def is_of_the_run(parameter: Parameter) -> bool:
    """Whether the run gives the value. One without a default is asked for: the mirror has no schedule to know it by."""
    return parameter.name in SOURCES and not parameter.required

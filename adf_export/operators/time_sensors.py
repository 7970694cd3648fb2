"""Sensors that wait for a moment: a Wait that computes how long."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adf_export.codes import BEHAVIOUR_DIFFERS
from adf_export.ir.factory import Json, obj
from adf_export.ir.symbols import RunField, run
from adf_export.ir.unit import Unit
from adf_export.ir.values import Duration
from adf_export.operators.polling import IGNORED, once, polling
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench
from adf_export.templating import as_node
from adf_lang.nodes import Literal, Node, call, literal

_PACKAGE: Final = "airflow.providers.standard.sensors"
_TICKS: Final = 10_000_000
_NOW: Final = call("ticks", call("utcNow"))
_EXACT: Final = "the wait ends at the moment itself"
_IGNORED: Final[Mapping[str, str]] = {
    **IGNORED,
    "end_from_trigger": "no trigger of Airflow runs",
    "poke_interval": _EXACT,
    "start_from_trigger": "no trigger of Airflow runs",
    "trigger_kwargs": "no trigger of Airflow runs",
}


def time_delta(bench: Workbench) -> Unit:
    """So long after the end of the data interval, which is the logical date of a manual run."""
    ticks = call("ticks", run(RunField.DATA_INTERVAL_END))
    return _until(bench, call("add", ticks, literal(round(_seconds(bench, "delta") * _TICKS))))


def date_time(bench: Workbench) -> Unit:
    """A moment as a text; one without an offset is UTC."""
    return _until(bench, call("ticks", as_node(_moment(bench.value("target_time")))))


def wait(bench: Workbench) -> Unit:
    """So long after the start of the task."""
    return _wait(bench, max(1, round(_seconds(bench, "time_to_wait"))))


def _moment(value: Json) -> Json:
    """A text with an offset in the form that every function takes."""
    text = value.value if isinstance(value, Literal) else value
    if not isinstance(text, str):
        return value
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return value


def _seconds(bench: Workbench, name: str) -> float:
    given = bench.field(name)
    if isinstance(given, Duration):
        return given.seconds
    minutes = bench.constant(name)
    if not isinstance(minutes, str | int):
        raise bench.invalid(name, f"is {minutes!r}, not a timedelta or a number of minutes")
    return int(minutes) * 60


def _until(bench: Workbench, target: Node) -> Unit:
    seconds = call("div", call("add", call("sub", target, _NOW), literal(_TICKS - 1)), literal(_TICKS))
    return _wait(bench, call("max", literal(1), seconds))


def _wait(bench: Workbench, seconds: Json) -> Unit:
    how = polling(bench)
    for name in ("timeout", "soft_fail"):
        if bench.has(name):
            summary = f"'{bench.task.task_id}' waits for its moment also when that takes longer than {how.timeout:g} s"
            bench.tell(BEHAVIOUR_DIFFERS, summary, field=name)
            break
    return bench.unit(bench.activity(bench.name(), "Wait", obj(waitTimeInSeconds=seconds)), attempts=once(bench))


TIME_SENSORS: Final[Mapping[str, Operator]] = {
    name: Operator(translate=translate, activities=("Wait",), ignored=_IGNORED)
    for name, translate in {
        f"{_PACKAGE}.date_time.DateTimeSensor": date_time,
        f"{_PACKAGE}.date_time.DateTimeSensorAsync": date_time,
        f"{_PACKAGE}.time_delta.TimeDeltaSensor": time_delta,
        f"{_PACKAGE}.time_delta.TimeDeltaSensorAsync": time_delta,
        f"{_PACKAGE}.time_delta.WaitSensor": wait,
    }.items()
}

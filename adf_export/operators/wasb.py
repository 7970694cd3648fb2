"""Operators and sensors of Blob Storage: Validation, GetMetadata in a loop, Delete."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adf_export.codes import BEHAVIOUR_DIFFERS, NO_NATIVE_ACTIVITY
from adf_export.ir.factory import Object, obj
from adf_export.ir.unit import Unit
from adf_export.operators import blobs
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench

_PACKAGE: Final = "airflow.providers.microsoft.azure"
_WEEK: Final = 7 * 24 * 60 * 60
_IGNORED: Final[Mapping[str, str]] = {
    "deferrable": "no worker waits for an activity",
    "exponential_backoff": "a Validation looks at constant intervals",
    "max_wait": "a Validation looks at constant intervals",
    "mode": "no worker waits for an activity",
    "public_read": "the linked service says how to authenticate",
    "silent_fail": "a Validation goes on looking",
}


def delete_blob(bench: Workbench) -> Unit:
    """One blob by its dataset, all below a prefix by the prefix of storeSettings."""
    _refuse_options(bench, "check_options")
    connection = bench.connection("wasb_conn_id", default=blobs.DEFAULT)
    container, name = bench.value("container_name"), bench.value("blob_name")
    by_prefix = bench.constant("is_prefix") is True
    if bench.constant("ignore_if_missing") is not True:
        bench.tell(
            BEHAVIOUR_DIFFERS,
            f"Delete '{bench.task.task_id}' succeeds also where there is no blob to delete",
            hint="say ignore_if_missing=True, or let a sensor come before",
        )
    store = obj(
        type="AzureBlobStorageReadSettings", recursive=True if by_prefix else None, prefix=name if by_prefix else None
    )
    properties = obj(
        dataset=blobs.blob(bench, connection, container, "" if by_prefix else name).as_json(),
        enableLogging=False,
        storeSettings=store,
    )
    return bench.unit(bench.activity(bench.name(), "Delete", properties))


def blob_sensor(bench: Workbench) -> Unit:
    """Validation waits until the blob is there."""
    _refuse_options(bench, "check_options")
    connection = bench.connection("wasb_conn_id", default=blobs.DEFAULT)
    found = blobs.blob(bench, connection, bench.value("container_name"), bench.value("blob_name"))
    return _validation(bench, obj(dataset=found.as_json()))


def _validation(bench: Workbench, properties: Object) -> Unit:
    """A Validation that looks as often and as long as the sensor; when the time is up it fails for good, too."""
    interval, limit = _seconds(bench, "poke_interval", 60), _seconds(bench, "timeout", _WEEK)
    for name in ("soft_fail", "never_fail"):
        if bench.has(name) and bench.constant(name) is not False:
            raise bench.not_exported(name, "a Validation fails when the time is up")
    timing = obj(timeout=timespan(limit), sleep=max(1, round(interval)))
    step = bench.activity(bench.name(), "Validation", Object((*properties.members, *timing.members)))
    return bench.unit(step, attempts=replace(bench.attempts(), retries=0))


def timespan(seconds: float) -> str:
    """As Data Factory writes it: 1.02:03:04."""
    days, rest = divmod(math.ceil(seconds), 86_400)
    return f"{days}.{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


def _seconds(bench: Workbench, name: str, default: float) -> float:
    value = bench.value(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bench.invalid(name, f"is {value!r}, not a number of seconds")
    return value


def refuse_local_file(bench: Workbench) -> Unit:
    raise bench.refusal(
        NO_NATIVE_ACTIVITY,
        f"{bench.short_operator} '{bench.task.task_id}' reads a file of a worker, which a factory does not have",
        hint="land the file in Blob Storage where it is made, and use a WasbBlobSensor",
    )


def _refuse_options(bench: Workbench, name: str) -> None:
    if bench.has(name):
        raise bench.not_exported(name, "they are options of the Python client")


WASB: Final[Mapping[str, Operator]] = {
    f"{_PACKAGE}.operators.wasb_delete_blob.WasbDeleteBlobOperator": Operator(
        translate=delete_blob, activities=("Delete",)
    ),
    f"{_PACKAGE}.sensors.wasb.WasbBlobSensor": Operator(
        translate=blob_sensor, ignored=_IGNORED, activities=("Validation",)
    ),
    f"{_PACKAGE}.transfers.local_to_wasb.LocalFilesystemToWasbOperator": Operator(translate=refuse_local_file),
}

"""Operators and sensors of Blob Storage: Validation, GetMetadata in a loop, Delete."""

from collections.abc import Mapping
from typing import Final

from adf_export.codes import BEHAVIOUR_DIFFERS, NO_NATIVE_ACTIVITY
from adf_export.ir.factory import Activity, Json, Object, obj
from adf_export.ir.unit import Unit
from adf_export.operators import blobs
from adf_export.operators.polling import IGNORED, Polling, once, poll, polling, timespan
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench
from adf_export.templating import as_node
from adf_lang.nodes import Interpolation, Node, Property, call, literal, select

_PACKAGE: Final = "airflow.providers.microsoft.azure"
TIMEOUT: Final = (600, 7 * 86_400)
_IGNORED: Final[Mapping[str, str]] = {**IGNORED, "public_read": "the linked service says how to authenticate"}


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
    """Validation waits until the blob is there; where it cannot, a loop around GetMetadata."""
    _refuse_options(bench, "check_options")
    connection = bench.connection("wasb_conn_id", default=blobs.DEFAULT)
    found = blobs.blob(bench, connection, bench.value("container_name"), bench.value("blob_name"))
    how = polling(bench)
    if _fits_validation(how):
        return _validation(bench, how, obj(dataset=found.as_json()))
    look = bench.activity(bench.name(), "GetMetadata", obj(dataset=found.as_json(), fieldList=("exists",)))
    return poll(bench, how, look, select(_output(look), "exists"))


def prefix_sensor(bench: Workbench) -> Unit:
    """Of a folder a Validation, of any other prefix a loop that looks through the names in its folder."""
    _refuse_options(bench, "check_options")
    connection = bench.connection("wasb_conn_id", default=blobs.DEFAULT)
    container, prefix, how = bench.value("container_name"), bench.value("prefix"), polling(bench)
    if _ends_with_slash(prefix) and _fits_validation(how):
        folder = blobs.blob(bench, connection, container, prefix)
        return _validation(bench, how, obj(dataset=folder.as_json(), childItems=True))
    path = as_node(prefix)
    folder = blobs.blob(bench, connection, container, call("concat", blobs.folder_of(path), literal("/")))
    look = bench.activity(
        bench.name(), "GetMetadata", obj(dataset=folder.as_json(), fieldList=("exists", "childItems"))
    )
    # The names as JSON: one begins with the rest of the prefix.
    names = call("string", Property(target=_output(look), name="childItems", safe=True))
    begin = call("concat", literal('"name":"'), blobs.file_of(path))
    return poll(bench, how, look, call("contains", names, begin))


def _fits_validation(how: Polling) -> bool:
    """It cannot skip the task, and has the bounds of every activity's timeout."""
    return not how.soft_fail and TIMEOUT[0] <= how.timeout <= TIMEOUT[1]


def _ends_with_slash(prefix: Json) -> bool:
    last = prefix.parts[-1] if isinstance(prefix, Interpolation) else prefix
    return isinstance(last, str) and last.endswith("/")


def _output(look: Activity) -> Node:
    return select(call("activity", literal(look.name)), "output")


def _validation(bench: Workbench, how: Polling, properties: Object) -> Unit:
    timing = obj(timeout=timespan(how.timeout), sleep=max(1, round(how.interval)))
    step = bench.activity(bench.name(), "Validation", Object((*properties.members, *timing.members)))
    return bench.unit(step, attempts=once(bench))


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
    f"{_PACKAGE}.sensors.wasb.WasbPrefixSensor": Operator(
        translate=prefix_sensor, ignored=_IGNORED, activities=("Validation", "Until", "GetMetadata")
    ),
    f"{_PACKAGE}.transfers.local_to_wasb.LocalFilesystemToWasbOperator": Operator(translate=refuse_local_file),
}

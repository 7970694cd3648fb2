"""Operators and sensors of Blob Storage: Validation, GetMetadata in a loop, Delete."""

from collections.abc import Mapping
from typing import Final

from adf_export.codes import BEHAVIOUR_DIFFERS
from adf_export.ir.factory import obj
from adf_export.ir.unit import Unit
from adf_export.operators import blobs
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench

_PACKAGE: Final = "airflow.providers.microsoft.azure"


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


def _refuse_options(bench: Workbench, name: str) -> None:
    if bench.has(name):
        raise bench.not_exported(name, "they are options of the Python client")


WASB: Final[Mapping[str, Operator]] = {
    f"{_PACKAGE}.operators.wasb_delete_blob.WasbDeleteBlobOperator": Operator(
        translate=delete_blob, activities=("Delete",)
    ),
}

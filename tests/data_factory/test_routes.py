"""The table of operations is complete: as Microsoft's specification has them, and as the client can call them."""

import inspect
import json
from collections import Counter
from pathlib import Path

import pytest
from azure.mgmt.datafactory.operations import _operations

from local_azure.data_factory.errors import ArmError
from local_azure.data_factory.routes import ROUTES, Table

# What the specification of 2022 does not have yet.
NEWER_GROUPS = ("ChangeDataCapture", "CredentialOperations", "IntegrationRuntime")


def _shape(path: str) -> str:
    parts = path.strip("/").split("/")
    return "/".join("{}" if part.startswith("{") else part.lower() for part in parts)


def test_the_table_is_the_specification(shared_dir: Path) -> None:
    document = json.loads((shared_dir / "adf" / "swagger-2022-09" / "datafactory.json").read_text())
    specified = {
        operation["operationId"]: (method.upper(), _shape(path))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    ours = {route.operation: (route.method, _shape(route.path)) for route in ROUTES}
    newer = ours.keys() - specified.keys()
    assert {operation: ours.get(operation) for operation in specified} == specified
    assert {operation.partition("_")[0] for operation in newer} <= {*NEWER_GROUPS, "ManagedVirtualNetworks"}


def test_every_row_is_one_operation() -> None:
    assert [name for name, rows in Counter(route.operation for route in ROUTES).items() if rows > 1] == []
    assert all((route.handler is None) == bool(route.reason) for route in ROUTES)


BUILDERS = sorted(name for name in vars(_operations) if name.startswith("build_") and name.endswith("_request"))


@pytest.mark.parametrize("name", BUILDERS)
def test_what_the_client_can_call_is_in_the_table(name: str) -> None:
    builder = getattr(_operations, name)
    wanted = [
        each.name
        for each in inspect.signature(builder).parameters.values()
        if each.default is each.empty and each.kind is not each.VAR_KEYWORD
    ]
    request = builder(**dict.fromkeys(wanted, "x"))
    assert _answered(request.method, request.url.partition("?")[0]) in ("handler", "NotSupportedLocally")


def _answered(method: str, path: str) -> str:
    try:
        found = Table().find(method, path)
    except ArmError as error:
        return error.code
    return "handler" if found.route.handler is not None else "nothing"

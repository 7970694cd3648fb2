"""The REST API of a Databricks workspace by Web activities, for what no activity of Data Factory does."""

from dataclasses import replace
from typing import Final

from adf_export.ir.factory import Activity, Json, Policy, Role, obj
from adf_export.operators.databricks_services import workspace_address
from adf_export.operators.vault_secrets import secret_step, secret_value
from adf_export.operators.web_requests import as_text
from adf_export.operators.workbench import Workbench

# The application id of Databricks: the audience of tokens for any workspace.
_DATABRICKS: Final = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"
_READS: Final = Policy(retry=3, retry_interval_seconds=30)


class Api:
    """A workspace, reached with a token from the vault or with the factory's identity."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._domain, secret, resource = workspace_address(bench)
        # What is to be done before the first call.
        self.steps: tuple[Activity, ...] = ()
        self._policy = Policy(secure_input=bool(secret))
        headers: dict[str, Json] = {"Content-Type": "application/json"}
        self._identity: dict[str, Json] = {}
        if secret:
            key = secret_step(bench, secret)
            self.steps = (key,)
            headers["Authorization"] = as_text("Bearer ", secret_value(key))
        else:
            headers["X-Databricks-Azure-Workspace-Resource-Id"] = resource
            self._identity = {"authentication": obj(type="MSI", resource=_DATABRICKS)}
        self._headers = obj(headers)

    def post(self, path: str, body: Json) -> Activity:
        """The call that does the task's work."""
        url = f"{self._domain}/api/{path}"
        properties = obj(method="POST", url=url, headers=self._headers, body=body, **self._identity)
        after = tuple(step.name for step in self.steps)
        return self._bench.activity(self._bench.name(), "WebActivity", properties, after=after, policy=self._policy)

    def get(self, *path: Json) -> Activity:
        """A call that asks how something is going."""
        url = as_text(f"{self._domain}/api/", *path)
        return self._bench.activity(
            self._bench.name("status"),
            "WebActivity",
            obj(method="GET", url=url, headers=self._headers, **self._identity),
            role=Role.HELPER,
            description="Asks how it is going.",
            policy=replace(_READS, secure_input=self._policy.secure_input),
        )

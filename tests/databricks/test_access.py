"""Who may call the Jobs API: the personal access token, and identities with a token for Azure Databricks."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from local_azure.databricks.service import DATABRICKS_RESOURCE, guard
from tests.local_azure.cloud import Cloud


def nothing() -> dict[str, str]:
    return {}


@pytest.mark.parametrize(
    ("audience", "status"), [(DATABRICKS_RESOURCE, 200), ("https://management.azure.com/", 403), (None, 403)]
)
def test_tokens_of_an_identity_are_taken_if_they_are_for_databricks(
    vault: Cloud, audience: str | None, status: int
) -> None:
    app = FastAPI()
    app.middleware("http")(guard("dapi-personal", vault.tokens.accepts(DATABRICKS_RESOURCE)))
    app.add_api_route("/api/2.2/jobs/runs/list", nothing)
    client = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 5000))
    token = vault.tokens.issue(audience, client_id="someone").text if audience else "dapi-other"
    answer = client.get("/api/2.2/jobs/runs/list", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == status
    personal = client.get("/api/2.2/jobs/runs/list", headers={"Authorization": "Bearer dapi-personal"})
    assert personal.status_code == 200

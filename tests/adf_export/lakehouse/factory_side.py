"""Deploys a factory to the local Data Factory over its REST API, and runs pipelines there."""

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx

from adf_export.backends.documents import Kind, documents
from adf_export.codes import Severity
from adf_export.compiler import assemble, compile_dag
from adf_export.environment import read_environment
from adf_export.frontend import read_dags
from adf_export.ir.factory import Factory
from demo.options import PROJECT
from demo.stand_ins import StandIns

Json = Any
_RESOURCE = "https://management.azure.com"
# Kind -> its collection, in the order in which documents refer to each other.
_COLLECTIONS = {Kind.LINKED_SERVICE: "linkedservices", Kind.DATASET: "datasets", Kind.PIPELINE: "pipelines"}
_SECONDS = 300


def exported(stand_ins: StandIns) -> Factory:
    """Our DAGs with the environment file of this machine, and the checkpoints below the cloud's own folder."""
    environment = read_environment(PROJECT / "environments" / "local.toml")
    checkpoints = stand_ins.environment()["AIRFLOW_VAR_CRYPTO_CHECKPOINT_ROOT"]
    environment = replace(environment, variables={**environment.variables, "crypto_checkpoint_root": checkpoints})
    dags = {dag.dag_id: dag for reading in read_dags([PROJECT / "dags"]) for dag in reading.dags}
    compiled = [compile_dag(dag, environment, dags) for dag in dags.values()]
    errors = [found for one in compiled for found in one.diagnostics if found.severity is Severity.ERROR]
    assert errors == []
    return assemble(compiled, environment)


@contextmanager
def factory_client(stand_ins: StandIns, factory: Factory) -> Iterator[httpx.Client]:
    """A client below the URL of the factory, whose documents are there."""
    environment = stand_ins.environment()
    base = (
        f"{environment['AZURE_RESOURCE_MANAGER_URL']}/subscriptions/{environment['AZURE_SUBSCRIPTION_ID']}"
        f"/resourceGroups/{environment['AZURE_RESOURCE_GROUP']}/providers/Microsoft.DataFactory/factories/{factory.name}"
    )
    trust = ssl.create_default_context(cafile=stand_ins.endpoints.ca_bundle)
    headers = {"Authorization": f"Bearer {_token(environment)}"}
    params = {"api-version": "2018-06-01"}
    with httpx.Client(base_url=base, headers=headers, params=params, verify=trust, timeout=60) as client:
        deploy(client, factory)
        yield client


def run_pipeline(client: httpx.Client, name: str, parameters: Mapping[str, Json]) -> None:
    """Runs a pipeline, which must succeed."""
    state, rows = outcome(client, name, parameters)
    failed = [(row["activityName"], row["error"], row["input"]) for row in rows if row["status"] == "Failed"]
    assert state == "Succeeded", failed


def outcome(client: httpx.Client, name: str, parameters: Mapping[str, Json]) -> tuple[str, list[Json]]:
    """How a run of a pipeline ended, and its activity runs."""
    run = _read(client.post(f"/pipelines/{name}/createRun", json=dict(parameters)))["runId"]
    until = time.monotonic() + _SECONDS
    while (found := _read(client.get(f"/pipelineruns/{run}")))["status"] in ("Queued", "InProgress"):
        assert time.monotonic() < until, found
        time.sleep(0.2)
    window = {"lastUpdatedAfter": "2000-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}
    rows = _read(client.post(f"/pipelineruns/{run}/queryActivityruns", json=window))["value"]
    return found["status"], rows


def deploy(client: httpx.Client, factory: Factory) -> None:
    """Puts all documents; the client's base URL is that of the factory."""
    made = {path: json.loads(text) for path, text in documents(factory).items()}
    (whole,) = (document for path, document in made.items() if path.startswith(f"{Kind.FACTORY}/"))
    _read(client.put("", json={"location": "local", "properties": whole["properties"]}))
    for kind, collection in _COLLECTIONS.items():
        for path, document in made.items():
            if path.startswith(f"{kind}/"):
                _read(client.put(f"/{collection}/{document['name']}", json={"properties": document["properties"]}))


def _token(environment: Mapping[str, str]) -> str:
    answer = httpx.get(
        environment["IDENTITY_ENDPOINT"],
        params={"resource": _RESOURCE, "api-version": "2019-08-01"},
        headers={"X-IDENTITY-HEADER": environment["IDENTITY_HEADER"]},
    )
    return str(_read(answer)["access_token"])


def _read(answer: httpx.Response) -> Json:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()

"""The Jobs API over raw HTTP: shapes, refusals, idempotency, pages, access."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from local_azure.databricks.engine import SERVICE_ENDED
from local_azure.databricks.records import RUNNING, Record, RunStore
from tests.databricks.harness import Client, served, settings_in

pytestmark = pytest.mark.integration


def test_first_look_at_a_short_run_finds_it_active(client: Client) -> None:
    path = client.write("short", "pass\n")
    for _ in range(3):
        run_id = client.submit({"notebook_task": {"notebook_path": path}})
        first = client.run(run_id)
        assert first["state"]["life_cycle_state"] in ("PENDING", "RUNNING")
        assert "result_state" not in first["state"]
        client.wait(run_id)


def test_shape_of_a_finished_run(client: Client) -> None:
    path = client.write("short", "pass\n")
    body = {
        "run_name": "shape",
        "notebook_task": {"notebook_path": path, "base_parameters": {"n": 3}},
        "timeout_seconds": "3600",
        "new_cluster": {"spark_version": "17.3.x", "num_workers": "1"},
        "email_notifications": {"on_failure": ["someone@example.com"]},
        "libraries": [{"pypi": {"package": "pandas"}}],
    }
    run_id = client.submit(body)
    run = client.wait(run_id)
    task = run["tasks"][0]
    assert run["run_id"] == run_id
    assert run["job_id"] != run_id
    assert run["run_page_url"] == f"{client.url}/runs/{run_id}"
    assert run["cluster_spec"]["new_cluster"] == body["new_cluster"]
    assert (task["task_key"], task["attempt_number"]) == ("shape", 0)
    assert run["start_time"] <= task["start_time"] <= task["end_time"] <= run["end_time"]
    assert task["notebook_task"] == {"notebook_path": path, "base_parameters": {"n": "3"}}
    assert client.run(task["run_id"])["tasks"] == [task]
    assert client.output(run)["logs"] == "email_notifications has no effect in the local Databricks\n"


def test_same_idempotency_token_is_the_same_run(client: Client) -> None:
    path = client.write("short", "pass\n")
    body = {"notebook_task": {"notebook_path": path}, "idempotency_token": "once"}
    first = client.submit(body)
    assert client.submit(body) == first
    client.wait(first)
    assert client.submit(body) == first
    assert client.submit(body | {"idempotency_token": "twice"}) != first


def test_missing_notebook_fails_the_run_and_names_what_is_near(client: Client) -> None:
    client.write("jobs/bronze", "pass\n")
    run = client.wait(client.submit({"notebook_task": {"notebook_path": "/Shared/tests/jobs/bronse"}}))
    assert run["state"]["life_cycle_state"] == "INTERNAL_ERROR"
    assert run["status"]["termination_details"]["code"] == "RESOURCE_NOT_FOUND"
    assert (
        "Notebook not found: /Shared/tests/jobs/bronse. Nearby: /Shared/tests/jobs/bronze"
        in client.output(run)["error"]
    )


def test_retries_until_it_works_and_timeouts_are_not_retried_unasked(client: Client) -> None:
    bad, slow = client.write("bad", "1 / 0\n"), client.write("slow", "import time\ntime.sleep(600)\n")
    common = {"max_retries": 1, "min_retry_interval_millis": 1}
    tasks: list[dict[str, Any]] = [
        {"task_key": "bad", "notebook_task": {"notebook_path": bad}, **common},
        {"task_key": "slow", "notebook_task": {"notebook_path": slow}, "timeout_seconds": 1, **common},
        {
            "task_key": "slower",
            "notebook_task": {"notebook_path": slow},
            "timeout_seconds": 1,
            "retry_on_timeout": True,
            **common,
        },
    ]
    run = client.wait(client.submit({"tasks": tasks}))
    results = sorted((task["task_key"], task["attempt_number"], task["state"]["result_state"]) for task in run["tasks"])
    assert results == [
        ("bad", 0, "FAILED"),
        ("bad", 1, "FAILED"),
        ("slow", 0, "TIMEDOUT"),
        ("slower", 0, "TIMEDOUT"),
        ("slower", 1, "TIMEDOUT"),
    ]
    assert run["state"]["result_state"] == "FAILED"


def test_page_shows_error_and_log_escaped_without_a_token(client: Client) -> None:
    done = client.notebook("print('<script>alert(1)</script>')\nraise ValueError('<b>no</b>')\n")
    page = requests.get(done.run["run_page_url"], timeout=10)
    assert page.status_code == 200
    assert "&lt;script&gt;alert(1)" in page.text
    assert "ValueError: &lt;b&gt;no" in page.text
    assert "<script>" not in page.text
    elsewhere = requests.get(done.run["run_page_url"], headers={"Host": "evil.example"}, timeout=10)
    assert elsewhere.status_code == 403


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "UNAUTHENTICATED"),
        ({"Authorization": "Basic eDp5"}, 401, "UNAUTHENTICATED"),
        ({"Authorization": "Bearer wrong"}, 403, "PERMISSION_DENIED"),
    ],
)
def test_token_is_required(client: Client, headers: dict[str, str], status: int, code: str) -> None:
    answer = requests.get(f"{client.url}/api/2.2/jobs/runs/get?run_id=1", headers=headers, timeout=10)
    assert answer.status_code == status
    assert answer.json()["error_code"] == code


@pytest.mark.parametrize(
    ("path", "query", "status", "message"),
    [
        ("jobs/runs/get", {"run_id": "77"}, 404, "Run 77 does not exist."),
        ("jobs/runs/get", {"run_id": "x"}, 400, "run_id must be a natural number"),
        ("jobs/runs/get", {}, 400, "run_id is missing"),
        ("jobs/list", {}, 404, "No API found for 'GET /2.2/jobs/list'"),
    ],
)
def test_refused_reads(client: Client, path: str, query: dict[str, str], status: int, message: str) -> None:
    answer = client.get(path, **query)
    assert answer.status_code == status
    assert message in answer.json()["message"]


def test_a_body_that_is_no_json(client: Client) -> None:
    url = f"{client.url}/api/2.1/jobs/runs/submit"
    answer = requests.post(url, data="{", headers=client.headers, timeout=10)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "MALFORMED_REQUEST")


def test_spark_versions_with_the_older_prefix(client: Client) -> None:
    answer = requests.get(f"{client.url}/api/2.1/clusters/spark-versions", headers=client.headers, timeout=10)
    assert [version["key"] for version in answer.json()["versions"]] == ["4.2.x-local"]


def test_a_restart_knows_old_runs_and_ends_those_that_were_active(tmp_path: Path) -> None:
    settings = replace(settings_in(tmp_path), metastore=tmp_path / "occupied" / "metastore")
    (tmp_path / "occupied").touch()
    store = RunStore(settings.root / "runs.db")
    run = Record(run_id=store.new_id(), job_id=1, parent_id=None, name="old", state=RUNNING, start_time=1, document={})
    done = replace(run, run_id=store.new_id(), state=replace(SERVICE_ENDED, life_cycle="TERMINATED", result="SUCCESS"))
    for record in (run, done):
        store.save(record)
    store.save_token("kept", done.run_id)
    store.close()
    with served(settings, tmp_path / "workspace") as restarted:
        ended = restarted.run(run.run_id)
        assert ended["state"]["life_cycle_state"] == "INTERNAL_ERROR"
        assert "The local Databricks ended while the run was active" in ended["state"]["state_message"]
        assert restarted.run(done.run_id)["state"]["result_state"] == "SUCCESS"
        body = {"notebook_task": {"notebook_path": "/Shared/tests/x"}, "idempotency_token": "kept"}
        assert restarted.submit(body) == done.run_id

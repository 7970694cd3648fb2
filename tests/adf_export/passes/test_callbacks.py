"""Callbacks: what their notifiers send, and when, in the local Data Factory."""

from pathlib import Path
from typing import Any

import pytest

from adf_export.compiler import assemble, compile_dag
from adf_export.environment import Connection, Environment
from adf_export.ir.dag import Callback, Dag, Task
from adf_export.ir.values import Constant, Template
from local_azure.data_factory.injection import Injection
from tests.adf_export.operators.given import task
from tests.adf_export.passes.building import dag
from tests.adf_export.running import run_in_local_factory
from tests.data_factory.harness import FAILED, OK

SLACK = "airflow.providers.slack.notifications.slack_webhook.SlackWebhookNotifier"
HTTP = "airflow.providers.http.operators.http.HttpOperator"
ENVIRONMENT = Environment(
    key_vault="https://kv.vault.azure.net",
    connections={
        "http_default": Connection(conn_id="http_default", type="http", host="https://api.example"),
        "slackwebhook_default": Connection(conn_id="slackwebhook_default", secret="slack-token"),
    },
)
KEY = Injection(output={"value": "T/B/token"})


def notifier(text: str, event: str = "on_failure_callback") -> Callback:
    said = Template(text=text) if "{{" in text else Constant(value=text)
    return Callback(event=event, name=SLACK, arguments=(("text", said), ("proxy", Constant(value=None))))


def http(name: str, *upstream: str, callbacks: tuple[Callback, ...] = ()) -> Task:
    return task(HTTP, name, *upstream, method="GET", of_task={"callbacks": callbacks})


def two(*callbacks: Callback, of_dag: tuple[Callback, ...] = ()) -> Dag:
    return dag(http("a", callbacks=callbacks), http("b", "a"), callbacks=of_dag)


def run(folder: Path, given: Dag, **ends: Injection) -> Any:
    compiled = compile_dag(given, ENVIRONMENT)
    assert compiled.pipelines, compiled.diagnostics
    injections = {"a": OK, "b": OK, "a_key": KEY, "run_key": KEY, "a_notify": OK, "run_notify": OK, **ends}
    return run_in_local_factory(folder, assemble([compiled], ENVIRONMENT), "d", injections=injections)


FAILURE = two(notifier("{{ ti.task_id }} failed in {{ run_id }}"))
SUCCESS = two(notifier("well", "on_success_callback"))
OF_RUN = two(of_dag=(notifier("{{ dag.dag_id }} failed"),))
# DAG, what fails -> whether it is told, and how the run ends: a notice has no say in it.
RUNS: list[tuple[Dag, dict[str, Injection], bool, str]] = [
    (FAILURE, {}, False, "Succeeded"),
    (FAILURE, {"a": FAILED}, True, "Failed"),
    (FAILURE, {"b": FAILED}, False, "Failed"),
    (SUCCESS, {}, True, "Succeeded"),
    (SUCCESS, {"a_notify": FAILED}, False, "Succeeded"),
    (SUCCESS, {"a": FAILED}, False, "Failed"),
    (OF_RUN, {}, False, "Succeeded"),
    (OF_RUN, {"b": FAILED}, True, "Failed"),
]


@pytest.mark.parametrize(("given", "ends", "told", "status"), RUNS)
def test_is_told_when_airflow_would(
    given: Dag, ends: dict[str, Injection], told: bool, status: str, tmp_path: Path
) -> None:
    done = run(tmp_path, given, **ends)
    statuses = done.statuses()
    assert [statuses[name] for name in statuses if name.endswith("_notify")] == [
        "Succeeded" if told else "Failed" if "a_notify" in ends else "Skipped"
    ]
    assert str(done.run.status) == status


def test_the_webhook_is_read_from_the_vault_and_hidden() -> None:
    compiled = compile_dag(FAILURE, ENVIRONMENT)
    steps = {one.name: one for one in compiled.pipelines[0].activities}
    key, notify = steps["a_key"].policy, steps["a_notify"].policy
    assert key is not None
    assert key.secure_output
    assert notify is not None
    assert notify.secure_input
    assert str(steps["a_notify"].properties.get("url")) == (
        "https://hooks.slack.com/services/@{activity('a_key').output.value}"
    )


TOLD = [
    two(Callback(event="on_failure_callback", name="dags.tell")),
    two(notifier("x", "on_retry_callback")),
    two(of_dag=(notifier("{{ ti.task_id }}"),)),
]


@pytest.mark.parametrize("given", TOLD)
def test_what_has_no_activity_is_told(given: Dag) -> None:
    assert [one.code for one in compile_dag(given, ENVIRONMENT).diagnostics] == ["ADF408"]

"""The pages of pipeline runs, as a browser gets them from the service that `local-azure up` starts."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local_azure.endpoints import Endpoints
from local_azure.state import State
from tests.data_factory.command_line import Factory
from tests.data_factory.harness import activity
from tests.local_azure.running import Running, up

pytestmark = pytest.mark.integration
SECRET = "s3cret-of-a-page"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with up(tmp_path_factory.mktemp("pages") / "state") as running:
        yield running


@pytest.fixture
def factory(cloud: Running, tmp_path: Path) -> Factory:
    return Factory(state=cloud.state, name="local", folder=tmp_path / "factory")


@pytest.fixture
def browser(cloud: Running) -> Iterator[httpx.Client]:
    """Without a token, as a browser is."""
    found = Endpoints.read(State(cloud.state))
    trust = ssl.create_default_context(cafile=found.ca_bundle)
    with httpx.Client(base_url=f"{found.data_factory}/monitoring", verify=trust) as client:
        yield client


def test_a_failed_run_says_why_first(factory: Factory, browser: httpx.Client) -> None:
    marks = [{"name": "airflow_task_id", "value": "land.orders"}]
    fail = activity("Refuse", "Fail", message="<b>no orders</b> today", errorCode="E42", user_properties=marks)
    items = {"value": "@createArray(1, 2)", "type": "Expression"}
    factory.pipeline("Daily", activity("Each", "ForEach", items=items, activities=[fail]), activity("Pause"))
    assert factory.load().code == 0
    run_id = factory("run", "Daily", "--wait", "--json").document["run"]["runId"]
    answer = browser.get(f"/pipelineruns/{run_id}?factory=/subscriptions/s/whatever")
    assert answer.status_code == 200
    page = answer.text
    assert page.index("&lt;b&gt;no orders&lt;/b&gt; today") < page.index("<h2>Activities</h2>")
    assert "<b>no orders" not in page
    assert "E42" in page
    assert "task land.orders" in page
    assert page.count("<strong>Refuse</strong>") == 2
    assert "script" not in answer.headers["content-security-policy"]
    listed = browser.get("").text
    assert run_id in listed


def test_what_is_secure_is_hidden(factory: Factory, browser: httpx.Client) -> None:
    policy = {"secureInput": True, "secureOutput": True}
    text = {"value": "@pipeline().parameters.text", "type": "Expression"}
    keep = activity("Keep", "SetVariable", variableName="v", value=text, policy=policy)
    parameters = {"text": {"type": "SecureString"}}
    factory.pipeline("Secure", keep, parameters=parameters, variables={"v": {"type": "String"}})
    assert factory.load().code == 0
    run_id = factory("run", "Secure", "-p", f"text={SECRET}", "--wait", "--json").document["run"]["runId"]
    page = browser.get(f"/pipelineruns/{run_id}").text
    assert "Keep" in page
    assert SECRET not in page


def test_other_hosts_and_unknown_runs_get_nothing(browser: httpx.Client) -> None:
    assert browser.get("", headers={"Host": "evil.example"}).status_code == 403
    missing = browser.get("/pipelineruns/nothing")
    assert missing.status_code == 404
    assert "There is no run nothing" in missing.text

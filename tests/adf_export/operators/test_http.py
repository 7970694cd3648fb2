"""HttpOperator and its Web activity send the same request, and make the same of the answer."""

import json
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from adf_export.environment import Connection, Environment
from adf_export.ir.values import Function, XCom
from adf_lang import Scope, evaluate
from local_azure.data_factory.activities.web import WEB
from local_azure.key_vault.store import Attributes
from tests.adf_export.lakehouse.factory_side import deploy, outcome
from tests.adf_export.operators.given import Made, made, task
from tests.adf_export.operators.test_arguments import arguments_of
from tests.data_factory.arm import arm_in
from tests.data_factory.world import Ran, World, run, serving
from tests.fakes.web_service import Seen, WebService
from tests.local_azure.cloud import Cloud, cloud_in

Json = Any
HTTP = "airflow.providers.http.operators.http.HttpOperator"
SENSOR = "airflow.providers.http.sensors.http.HttpSensor"
HOST = "api.example.com"
FIRM = {"Content-Type": "text/plain"}
# Arguments of the operator, and what its connection has besides the host.
REQUESTS: list[tuple[dict[str, Json], dict[str, Json]]] = [
    ({"method": "GET", "endpoint": "v1/orders"}, {}),
    ({"method": "GET", "endpoint": "/v1/orders"}, {}),
    ({"method": "GET"}, {}),
    ({"method": "GET", "endpoint": "v1?a=1", "data": {"b": 2}}, {}),
    ({"method": "GET", "endpoint": "v1", "data": {"q": "a b&c/ü", "n": 1.5, "none": None, "list": ["x", "y"]}}, {}),
    ({"method": "GET", "endpoint": "v1", "data": "a=1&b=2"}, {}),
    ({"method": "get", "endpoint": "v1", "headers": {"X-One": "1", "Accept": "text/csv"}}, {"extra": {"X-Two": "2"}}),
    ({"method": "GET", "endpoint": "v1", "headers": {"X-Two": "mine"}}, {"extra": {"X-Two": "2", "timeout": 3}}),
    ({"endpoint": "v1", "data": '{"a": 1}', "headers": {"Content-Type": "application/json"}}, {}),
    ({"endpoint": "v1", "data": {"a": "1 2", "b": ["x", "y"]}}, {}),
    ({"endpoint": "v1"}, {}),
    ({"endpoint": "v1", "request_kwargs": {"json": {"a": [1, None, "x"]}}}, {}),
    ({"method": "PUT", "endpoint": "v1", "data": "text", "headers": FIRM}, {}),
    ({"method": "PATCH", "endpoint": "v1", "data": "text", "headers": FIRM}, {}),
    ({"method": "DELETE", "endpoint": "v1/orders/1"}, {}),
    ({"method": "GET", "endpoint": "v1", "extra_options": {"timeout": 5, "verify": False}}, {}),
    ({"method": "GET", "endpoint": "v1"}, {"login": "user", "password": "pass word"}),
]
ANSWER = {"id": 7, "name": "ö", "items": [{"x": 1.5}, {"x": None}], "empty": {}}
FILTERS = [
    "lambda response: response.json()['id']",
    "lambda response: response.json()['items'][0]['x']",
    "lambda response: json.loads(response.text)['name']",
    "lambda response: response.json()",
    "lambda response: response.json()['id'] > 5",
    "lambda response: len(response.json()['items'])",
    "lambda response: response.headers['X-Kind']",
    """\
    def pick(response, **context):
        found = response.json()
        if found["id"] == 7:
            return found["name"] + "!"
        return None
    """,
]
CHECKS = [
    ("lambda response: response.json()['id'] == 7", True),
    ("lambda response: response.json()['id'] == 8", False),
    ("lambda response: 'items' in response.text", True),
    ("lambda response: 'absent' in response.text", False),
    ("lambda response: response.json()['empty']", False),
    ("lambda response: response.ok and response.status_code == 200", True),
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud_in(tmp_path_factory.mktemp("cloud")) as running:
        running.store.set("api-password", "pass word", Attributes())
        yield running


@pytest.fixture
def service() -> WebService:
    return WebService()


@pytest.fixture
def world(service: WebService, cloud: Cloud) -> Iterator[World]:
    vault = {"type": "AzureKeyVault", "typeProperties": {"baseUrl": "https://vault.vault.azure.net/"}}
    with serving(service) as origin:
        yield World(
            hosts={HOST: origin, "vault.vault.azure.net": cloud.vault_url},
            linked_services={"key_vault": vault},
            cloud=cloud,
        )


def exported(fields: Mapping[str, Json], connection: Mapping[str, Json] | None = None) -> Made:
    given = dict(connection or {})
    secret = {"secret": "api-password"} if given.pop("password", None) else {}
    api = Connection(conn_id="api", host=f"https://{HOST}", **given, **secret)
    environment = Environment(key_vault="https://vault.vault.azure.net", connections={"api": api})
    return made(task(HTTP, http_conn_id="api", **fields), environment=environment)


def in_airflow(monkeypatch: pytest.MonkeyPatch, world: World, fields: Mapping[str, Json], **connection: Json) -> Json:
    from airflow.providers.http.operators.http import HttpOperator

    document = {"conn_type": "http", "host": world.hosts[HOST], **connection}
    monkeypatch.setenv("AIRFLOW_CONN_API", json.dumps(document))
    with warnings.catch_warnings():
        # The provider uses names that Airflow has moved, and tells of certificates that it does not check.
        warnings.simplefilter("ignore")
        return HttpOperator(task_id="t", http_conn_id="api", **fields).execute({})


def in_data_factory(world: World, one: Made) -> Ran:
    ran = run(WEB, one.activities()["t"]["typeProperties"], world)
    assert ran.error is None, ran.error
    return ran


def said(seen: Seen) -> tuple[Json, ...]:
    """What a server may tell apart: not what clients say of themselves, nor how they write a length."""
    own = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length"}
    given = {name: value for name, value in seen.headers.items() if name not in own}
    if seen.headers.get("accept", "*/*") != "*/*":
        given["accept"] = seen.headers["accept"]
    body = json.loads(seen.body) if seen.body.startswith(b"{") else seen.body
    return seen.method, seen.path, parse_qsl(seen.query, keep_blank_values=True), given, body


def function(source: str) -> Function:
    return Function(name="dag.function", source=textwrap.dedent(source))


def python(source: str) -> Any:
    names: dict[str, Any] = {"json": json}
    text = textwrap.dedent(source)
    if text.startswith("def "):
        exec(text, names)  # the cases above
        return names["pick"]
    return eval(text, names)  # likewise


@pytest.mark.parametrize(("fields", "connection"), REQUESTS)
def test_the_request_is_airflows(
    monkeypatch: pytest.MonkeyPatch,
    world: World,
    service: WebService,
    fields: dict[str, Json],
    connection: dict[str, Json],
) -> None:
    in_airflow(monkeypatch, world, fields, **connection)
    expected = said(service.last)
    one = exported(fields, connection)
    in_data_factory(world, one)
    assert said(service.last) == expected
    assert one.refused_by_local_factory() == []


@pytest.mark.parametrize("source", FILTERS)
def test_filters(monkeypatch: pytest.MonkeyPatch, world: World, service: WebService, source: str) -> None:
    service.answer("/v1", 200, ANSWER, X_Kind="orders")
    fields = {"method": "GET", "endpoint": "v1"}
    expected = in_airflow(monkeypatch, world, {**fields, "response_filter": python(source)})
    assert result(world, exported({**fields, "response_filter": function(source)})) == expected


def test_without_a_filter_the_xcom_is_the_text(world: World, service: WebService) -> None:
    for answer in (ANSWER, {}):
        service.answers.clear()
        service.answer("/v1", 200, answer)
        assert json.loads(result(world, exported({"method": "GET", "endpoint": "v1"}))) == answer


def result(world: World, one: Made) -> Json:
    """The XCom of the task, as another task would read it."""
    assert one.compiled.pipelines, one.summaries
    reader = task(HTTP, "r", "t", http_conn_id="api", endpoint="x", data="{{ ti.xcom_pull('t') }}")
    api = Connection(conn_id="api", host=f"https://{HOST}")
    both = made(
        *one.compiled.dag.tasks,
        reader,
        environment=Environment(connections={"api": api}),
        render_template_as_native_obj=True,
    )
    activities = both.activities()
    output = run(WEB, activities["t"]["typeProperties"], world).output
    body = activities["r"]["typeProperties"]["body"]
    return evaluate(body["value"], Scope(activities={"t": {"output": output}}))


@pytest.mark.parametrize(("source", "accepted"), CHECKS)
def test_checks(
    monkeypatch: pytest.MonkeyPatch, world: World, service: WebService, source: str, accepted: bool
) -> None:
    from airflow.sdk.exceptions import AirflowException

    service.answer("/v1", 200, ANSWER)
    fields = {"method": "GET", "endpoint": "v1"}
    try:
        in_airflow(monkeypatch, world, {**fields, "response_check": python(source)})
        assert accepted
    except AirflowException:
        assert not accepted
    one = exported({**fields, "response_check": function(source)})
    activities = one.activities()
    output = run(WEB, activities["t"]["typeProperties"], world).output
    condition = activities["t_check"]["typeProperties"]["expression"]["value"]
    assert evaluate(condition, Scope(activities={"t": {"output": output}})) is not accepted
    assert [step["type"] for step in activities["t_check"]["typeProperties"]["ifTrueActivities"]] == ["Fail"]


# Arguments -> code and a part of the message.
REFUSED: list[tuple[dict[str, Json], str, str]] = [
    ({"method": "HEAD"}, "ADF104", "takes DELETE, GET, PATCH, POST, PUT"),
    ({"method": "{{ params.m }}"}, "ADF103", "'method'"),
    ({"pagination_function": Function(name="f", source="lambda r: None")}, "ADF102", "asks once"),
    ({"retry_args": {"stop": 1}}, "ADF102", "it is Python"),
    ({"extra_options": {"check_response": False}}, "ADF102", "by the status"),
    ({"extra_options": {"allow_redirects": False}}, "ADF102", "redirects"),
    ({"extra_options": {"cert": "/a.pem"}}, "ADF102", "certificate"),
    ({"extra_options": {"unheard": 1}}, "ADF102", "'unheard'"),
    ({"extra_options": {"verify": "/ca.pem"}}, "ADF102", "certificates"),
    ({"method": "GET", "data": {"a": {"b": 1}}}, "ADF104", "no form in a query"),
    ({"request_kwargs": {"files": {}}}, "ADF102", "only 'json'"),
    ({"response_filter": Function(name="f", source="lambda r: r.elapsed")}, "ADF203", "response.elapsed"),
    ({"response_filter": Function(name="f", source="lambda r: save(r.text)")}, "ADF206", "'save'"),
    ({"response_filter": Function(name="f", source="lambda r: r.json()[0]['x']")}, "ADF102", "objects only"),
    ({"headers": XCom(task_id="t")}, "ADF103", "the names in 'headers'"),
    ({"method": "GET", "data": XCom(task_id="t")}, "ADF102", "may be a dict"),
    ({"response_filter": "x"}, "ADF102", "no function"),
]


@pytest.mark.parametrize(("fields", "code", "part"), REFUSED)
def test_refused(fields: dict[str, Json], code: str, part: str) -> None:
    one = exported(fields)
    assert code in one.codes
    assert part in one.summaries


def test_losses_are_told() -> None:
    assert "sends Content-Type" in exported({"data": "x"}).summaries
    first, then = task(HTTP, "a", http_conn_id="api"), task(HTTP, "b", "a", http_conn_id="api", data=XCom(task_id="a"))
    api = Connection(conn_id="api", host=f"https://{HOST}")
    assert "if data is a dict" in made(first, then, environment=Environment(connections={"api": api})).summaries
    assert "waits 600 s" in exported({"extra_options": {"timeout": 900}}).summaries
    assert exported({"log_response": True, "tcp_keep_alive": False}).codes == ["ADF105", "ADF105"]
    check = function("lambda r: r.status_code == 200")
    assert "every 2xx" in exported({"response_check": check}).summaries


def test_a_login_needs_a_secret() -> None:
    assert exported({}, {"login": "user"}).codes == ["ADF504"]


def test_a_key_in_a_header_comes_from_the_vault(world: World, service: WebService) -> None:
    fields = {"method": "GET", "endpoint": "v1", "headers": {"X-One": "1"}}
    one = exported(fields, {"password": "yes", "extra": {"secret_header": "X-Api-Key"}})
    activities = one.activities()
    key = run(WEB, activities["t_key"]["typeProperties"], world)
    ran = run(WEB, activities["t"]["typeProperties"], world, activities={"t_key": {"output": key.output}})
    assert ran.error is None, ran.error
    assert (service.last.headers["x-api-key"], service.last.headers["x-one"]) == ("pass word", "1")
    assert activities["t_key"]["policy"]["secureOutput"]
    assert activities["t"]["policy"]["secureInput"]
    assert one.refused_by_local_factory() == []


def test_the_managed_identity_where_the_environment_says_so() -> None:
    one = exported({"method": "GET"}, {"extra": {"managed_identity_resource": "https://management.azure.com"}})
    found = one.activities()["t"]["typeProperties"]
    assert found["authentication"] == {"type": "MSI", "resource": "https://management.azure.com"}
    assert "headers" not in found


@pytest.mark.integration
@pytest.mark.parametrize(
    ("answers", "check", "state"),
    [
        ([200], None, "Succeeded"),
        ([404, 404, 200], None, "Succeeded"),
        ([404], None, "Failed"),
        ([200], "lambda response: response.json()['ready']", "Failed"),
    ],
)
def test_the_sensor_asks_until_it_is_content(
    service: WebService, cloud: Cloud, tmp_path: Path, answers: list[int], check: str | None, state: str
) -> None:
    for status in answers:
        service.answer("/v1", status, {"ready": False})
    fields = {"endpoint": "v1", "poke_interval": 1, "timeout": 5 if state == "Succeeded" else 2}
    more = {"response_check": function(check)} if check else {}
    api = Connection(conn_id="api", host=f"https://{HOST}")
    environment = Environment(name="own", connections={"api": api})
    one = made(task(SENSOR, http_conn_id="api", **fields, **more), environment=environment)
    with serving(service) as origin, arm_in(tmp_path, cloud, hosts={HOST: origin}) as arm, arm.http() as client:
        client.base_url = f"{arm.url}{arm.factory_url('own')}"
        deploy(client, one.factory)
        assert outcome(client, "d", {})[0] == state
    assert len(service.seen) >= (len(answers) if state == "Succeeded" else 2)


def test_every_argument_is_accounted_for() -> None:
    for operator in (HTTP, SENSOR):
        for argument in arguments_of(operator) - {"http_conn_id"}:
            api = Connection(conn_id="api", host=f"https://{HOST}")
            fields = {"endpoint": "v1", argument: "x"}
            one = made(task(operator, http_conn_id="api", **fields), environment=Environment(connections={"api": api}))
            assert "register a translator that knows it" not in str(one.compiled.diagnostics), argument

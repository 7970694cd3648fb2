"""Every way in which the service refuses a request, over raw HTTP: status, code, place; and it lives on."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from local_azure.data_factory import refusals
from local_azure.data_factory.request_body import MAX_BYTES
from tests.data_factory.arm import SUBSCRIPTION, Arm, wait_for

Json = Any
WAIT = {"name": "W", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 3600}}
PIPELINE = {"properties": {"activities": [WAIT]}}
WINDOW = {"lastUpdatedAfter": "2020-01-01", "lastUpdatedBefore": "2120-01-01"}


@dataclass(frozen=True, kw_only=True)
class World:
    """A factory with a pipeline that does not end, a run of it, a run that was cancelled, and a trigger."""

    http: httpx.Client
    base: str
    running: str
    ended: str

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        filled = path.replace("{running}", self.running).replace("{ended}", self.ended)
        return self.http.request(method, filled[1:] if path.startswith("//") else self.base + filled, **more)


@pytest.fixture(scope="module")
def world(arm: Arm) -> Iterator[World]:
    base = arm.factory_url(f"Factory-{uuid.uuid4().hex[:12]}")
    with arm.http() as http:
        assert http.put(base, json={"location": "westeurope"}).status_code == 200
        assert http.put(f"{base}/pipelines/Endless", json=PIPELINE).status_code == 200
        runs = [http.post(f"{base}/pipelines/endless/createRun").json()["runId"] for _ in range(2)]
        assert http.post(f"{base}/pipelineruns/{runs[1]}/cancel").status_code == 200
        wait_for(lambda: http.get(f"{base}/pipelineruns/{runs[1]}").json(), lambda run: run["status"] == "Cancelled")
        reference = {"pipelineReference": {"referenceName": "Endless", "type": "PipelineReference"}, "parameters": {}}
        recurrence = {"frequency": "Hour", "interval": 1, "startTime": "2026-01-01T00:00:00Z", "timeZone": "UTC"}
        schedule = {"type": "ScheduleTrigger", "typeProperties": {"recurrence": recurrence}}
        for name, pipelines in (("Hourly", [reference]), ("Idle", [])):
            answer = http.put(f"{base}/triggers/{name}", json={"properties": {**schedule, "pipelines": pipelines}})
            assert answer.status_code == 200, answer.text
        assert http.post(f"{base}/triggers/Hourly/start").status_code == 200
        yield World(http=http, base=base, running=runs[0], ended=runs[1])
        http.post(f"{base}/pipelineruns/{runs[0]}/cancel")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request and what it is answered."""

    method: str = "GET"
    path: str = ""
    status: int
    code: str
    # What the message says.
    says: str
    target: str | None = None
    more: dict[str, Any] = field(default_factory=dict)


def query(says: str, target: str, **body: Json) -> Case:
    """A query that is refused."""
    return Case(
        method="POST",
        path="/queryPipelineRuns",
        status=400,
        code="BadRequest",
        says=says,
        target=target,
        more={"json": {**WINDOW, **body}},
    )


def filtered(says: str, target: str, **changes: Json) -> Case:
    """A filter that is refused."""
    entry = {"operand": "Status", "operator": "In", "values": ["Failed"]} | changes
    return query(says, target, filters=[entry])


def content(says: str, body: bytes) -> Case:
    """A body that is no JSON."""
    more = {"content": body}
    return Case(method="PUT", path="/pipelines/p", status=400, code="InvalidRequestContent", says=says, more=more)


CASES: dict[str, Case] = {
    # -- who asks, and for what
    "no token": Case(
        status=401,
        code="AuthenticationFailed",
        says="Authentication failed. The 'Authorization' header is missing.",
        more={"headers": {"Authorization": ""}},
    ),
    "not a token": Case(
        status=401,
        code="InvalidAuthenticationToken",
        says="not a signed JWT",
        more={"headers": {"Authorization": "Bearer nonsense"}},
    ),
    "other version": Case(
        status=400,
        code="InvalidApiVersionParameter",
        says="'2017-09-01-preview' is invalid. The supported versions are '2018-06-01'.",
        more={"params": {"api-version": "2017-09-01-preview"}},
    ),
    "no such path": Case(path="/nothing", status=404, code="InvalidResourceType", says="no path of Data Factory's"),
    "a longer path": Case(path="/pipelines/a/b/c" + "/d" * 60, status=404, code="InvalidResourceType", says="no path"),
    "path not UTF-8": Case(path="/pipelines/%ff", status=400, code="BadRequest", says="not encoded as UTF-8"),
    "wrong method": Case(
        method="PATCH", path="/pipelines/p", status=405, code="MethodNotAllowed", says="takes DELETE, GET, PUT"
    ),
    "data flow": Case(
        method="PUT",
        path="/dataflows/d",
        status=501,
        code="NotSupportedLocally",
        says="does not offer DataFlows_CreateOrUpdate: data flows run on Azure's Spark clusters",
        more={"json": {"properties": {"type": "MappingDataFlow"}}},
    ),
    "integration runtime": Case(
        method="PUT",
        path="/integrationRuntimes/self",
        status=501,
        code="NotSupportedLocally",
        says="there is one integration runtime",
    ),
    # -- bodies
    "too large": Case(
        method="PUT",
        path="/pipelines/p",
        status=413,
        code="RequestEntityTooLarge",
        says=f"larger than {MAX_BYTES} bytes",
        more={"content": b" " * (MAX_BYTES + 1)},
    ),
    "too large, in pieces": Case(
        method="PUT",
        path="/pipelines/p",
        status=413,
        code="RequestEntityTooLarge",
        says="larger than",
        more={"content": (b" " * 100_000 for _ in range(50))},
    ),
    "no colon": content("Expecting ':' delimiter, line 2, position 7", b'{"a":\n {"b" 1'),
    "no JSON": content("Expecting property name", b"{nothing"),
    "not UTF-8": content("byte 7 is not UTF-8", b'{"a": "\xff"}'),
    "NaN": content("NaN is no JSON", b'{"a": NaN}'),
    "infinite": content("the number 1e999 is too large", b'{"a": 1e999}'),
    "endless number": content("4300", b'{"a": ' + b"1" * 5000 + b"}"),
    "too deep": content("more than 100 levels", b"[" * 200 + b"]" * 200),
    "far too deep": content("more than 100 levels", b"[" * 500_000),
    "half a character": content("half of a surrogate pair", b'{"properties": {"description": "\\ud800"}}'),
    "a list": Case(
        method="PUT",
        path="/pipelines/p",
        status=400,
        code="BadRequest",
        says="has to be a JSON object",
        target="$",
        more={"json": []},
    ),
    "nothing": Case(method="PUT", path="/pipelines/p", status=400, code="BadRequest", says="'properties' is missing"),
    "parameters that are a list": Case(
        method="POST",
        path="/pipelines/endless/createRun",
        status=400,
        code="BadRequest",
        says="has to be a JSON object",
        more={"json": [1]},
    ),
    # -- what is not there
    "no factory": Case(
        path="/../none", status=404, code="ResourceNotFound", says="'Microsoft.DataFactory/factories/none' under"
    ),
    "no parent": Case(
        method="PUT",
        path="/../none/pipelines/p",
        status=404,
        code="ParentResourceNotFound",
        says="Parent resource 'none' not found.",
        more={"json": PIPELINE},
    ),
    "no pipeline": Case(path="/pipelines/x", status=404, code="PipelineNotFound", says="no pipeline 'x'", target="x"),
    "no dataset": Case(path="/datasets/x", status=404, code="DatasetNotFound", says="no dataset 'x'"),
    "no linked service": Case(
        path="/linkedservices/x", status=404, code="LinkedServiceNotFound", says="no linked service 'x'"
    ),
    "no trigger": Case(path="/triggers/x", status=404, code="TriggerNotFound", says="no trigger 'x'"),
    "no data flow": Case(path="/dataflows/x", status=404, code="DataFlowNotFound", says="no data flow 'x'"),
    "no runtime": Case(
        path="/integrationRuntimes/x", status=404, code="IntegrationRuntimeNotFound", says="no integration runtime 'x'"
    ),
    "no global parameters": Case(
        path="/globalParameters/default", status=404, code="GlobalParameterNotFound", says="no global parameters"
    ),
    "no pipeline to run": Case(
        method="POST", path="/pipelines/x/createRun", status=404, code="PipelineNotFound", says="no pipeline 'x'"
    ),
    "no run": Case(
        path="/pipelineruns/x", status=404, code="PipelineRunNotFound", says="no pipeline run 'x'", target="x"
    ),
    "no run to cancel": Case(
        method="POST", path="/pipelineruns/x/cancel", status=404, code="PipelineRunNotFound", says="no pipeline run"
    ),
    "no run to look into": Case(
        method="POST",
        path="/pipelineruns/x/queryActivityruns",
        status=404,
        code="PipelineRunNotFound",
        says="no pipeline run",
        more={"json": WINDOW},
    ),
    "no trigger run": Case(
        method="POST",
        path="/triggers/Hourly/triggerRuns/x/rerun",
        status=404,
        code="TriggerRunNotFound",
        says="does not fire triggers yet",
    ),
    # -- factories
    "no location": Case(
        method="PUT", path="/../Fresh-1", status=400, code="LocationRequired", says="location", more={"json": {}}
    ),
    "other location": Case(
        method="PUT",
        status=409,
        code="InvalidResourceLocation",
        says="exists in location 'westeurope' and cannot be moved to 'East US'",
        more={"json": {"location": "East US"}},
    ),
    "patch of what cannot be patched": Case(
        method="PATCH",
        status=400,
        code="BadRequest",
        says="'location' of a factory cannot be changed by PATCH",
        target="$.location",
        more={"json": {"location": "x"}},
    ),
    "factory with running runs": Case(
        method="DELETE", status=409, code="Conflict", says="has 1 pipeline runs that have not ended"
    ),
    "not the id of a factory": Case(
        method="POST",
        path=f"//subscriptions/{SUBSCRIPTION}/providers/Microsoft.DataFactory/locations/x/configureFactoryRepo",
        status=400,
        code="BadRequest",
        says="not the id of a factory",
        target="$.factoryResourceId",
        more={"json": {"factoryResourceId": "/subscriptions/x"}},
    ),
    "a second set of global parameters": Case(
        method="PUT",
        path="/globalParameters/more",
        status=400,
        code="BadRequest",
        says="one set of global parameters, 'default'",
        more={"json": {"properties": {}}},
    ),
    # -- etags
    "another etag": Case(
        method="PUT",
        path="/pipelines/endless",
        status=412,
        code="PreconditionFailed",
        says="another one than If-Match asks for",
        more={"json": PIPELINE, "headers": {"If-Match": '"x"'}},
    ),
    "an etag of nothing": Case(
        method="PUT",
        path="/pipelines/fresh",
        status=412,
        code="PreconditionFailed",
        says="there is none",
        more={"json": PIPELINE, "headers": {"If-Match": "*"}},
    ),
    "only if new": Case(
        method="PUT",
        path="/pipelines/endless",
        status=412,
        code="PreconditionFailed",
        says="there is one",
        more={"json": PIPELINE, "headers": {"If-None-Match": "*"}},
    ),
    # -- documents
    "referenced": Case(
        method="DELETE",
        path="/pipelines/endless",
        status=400,
        code="BadRequest",
        says="The document cannot be deleted since it is referenced by Hourly.",
    ),
    "started trigger": Case(
        method="DELETE",
        path="/triggers/hourly",
        status=400,
        code="TriggerEnabledCannotUpdate",
        says="Cannot update enabled Trigger; the trigger needs to be disabled first. ",
    ),
    "trigger without pipelines": Case(
        method="POST", path="/triggers/idle/start", status=400, code="BadRequest", says="'idle' has no pipelines"
    ),
    "trigger without events": Case(
        method="POST",
        path="/triggers/hourly/subscribeToEvents",
        status=400,
        code="BadRequest",
        says="is a ScheduleTrigger and has no events",
    ),
    "not valid": Case(
        method="PUT",
        path="/pipelines/p",
        status=400,
        code="BadRequest",
        says="The pipeline 'p' is not valid: $.properties.activities[0]",
        more={"json": {"properties": {"activities": [{"name": "W", "type": "Wait", "typeProperties": {}}]}}},
    ),
    # -- runs
    "cancel of what has ended": Case(
        method="POST",
        path="/pipelineruns/{ended}/cancel",
        status=400,
        code="PipelineRunNotRunning",
        says="Pipeline run has already completed with status 'Cancelled'.Only pipeline runs that are in progress or "
        "queued can be canceled.",
    ),
    "isRecursive": Case(
        method="POST",
        path="/pipelineruns/{running}/cancel",
        status=400,
        code="BadRequest",
        says="'isRecursive' is 'perhaps': it has to be true or false",
        target="isRecursive",
        more={"params": {"api-version": "2018-06-01", "isRecursive": "perhaps"}},
    ),
    "unknown parameter": Case(
        method="POST",
        path="/pipelines/endless/createRun",
        status=400,
        code="BadRequest",
        says="parameter 'x' is not declared",
        more={"json": {"x": 1}},
    ),
    "start without reference": Case(
        method="POST",
        path="/pipelines/endless/createRun",
        status=400,
        code="BadRequest",
        says="referencePipelineRunId",
        more={"params": {"api-version": "2018-06-01", "startFromFailure": "true"}},
    ),
    "reference to nothing": Case(
        method="POST",
        path="/pipelines/endless/createRun",
        status=400,
        code="ReferencedPipelineRunNotValid",
        says="Referenced pipeline run id {} is not a valid run id.",
        target="pipeline/Endless/",
        more={"params": {"api-version": "2018-06-01", "referencePipelineRunId": "{}"}},
    ),
    # -- lists and queries
    "skiptoken": Case(
        path="/pipelines",
        status=400,
        code="BadRequest",
        says="start the list anew",
        more={"params": {"api-version": "2018-06-01", "$skiptoken": "!"}},
    ),
    "no window": Case(
        method="POST",
        path="/queryPipelineRuns",
        status=400,
        code="BadRequest",
        says="needs 'lastUpdatedAfter'",
        target="$.lastUpdatedAfter",
    ),
    "not a time": query("not a time in ISO 8601", "$.lastUpdatedBefore", lastUpdatedBefore="yesterday"),
    "a number for a time": query("not a time in ISO 8601", "$.lastUpdatedBefore", lastUpdatedBefore=5),
    "before all time": query(
        "not a time in ISO 8601", "$.lastUpdatedAfter", lastUpdatedAfter="0001-01-01T00:00:00+14:00"
    ),
    "unknown key": query("The query has no 'filter'", "$.filter", filter=[]),
    "filters no list": query("'filters' has to be a list", "$.filters", filters={}),
    "filter no object": query("An object is wanted", "$.filters[0]", filters=[1]),
    "filter incomplete": query(
        "'values' is missing", "$.filters[0]", filters=[{"operand": "Status", "operator": "In"}]
    ),
    "operand": filtered("Pipeline runs are filtered by PipelineName", "$.filters[0].operand", operand="ActivityName"),
    "operator": filtered("'Like' is no operator", "$.filters[0].operator", operator="Like"),
    "values no list": filtered("a list of texts", "$.filters[0].values", values="Failed"),
    "no values": filtered("a list of texts", "$.filters[0].values", values=[]),
    "two values": filtered("takes one value", "$.filters[0].values", operator="Equals", values=["Failed", "Queued"]),
    "status": filtered("one of Queued, InProgress", "$.filters[0].values", values=["Done"]),
    "latest": filtered("true or false", "$.filters[0].values", operand="LatestOnly", values=["yes"]),
    "run start": filtered("a time in ISO 8601", "$.filters[0].values", operand="RunStart", values=["now"]),
    "order by": query("are ordered by", "$.orderBy[0].orderBy", orderBy=[{"orderBy": "LatestOnly", "order": "ASC"}]),
    "order": query("ASC or DESC", "$.orderBy[0].order", orderBy=[{"orderBy": "RunEnd", "order": "up"}]),
    "token": query("not one that this query got", "$.continuationToken", continuationToken="x"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_refusal_has_arms_envelope(world: World, case: Case) -> None:
    answer = world.send(case.method, case.path, **case.more)
    assert answer.status_code == case.status, answer.text
    document = answer.json()
    assert document.keys() == {"error"}
    error = document["error"]
    assert error.keys() == {"code", "message", "target", "details"}
    assert error["code"] == case.code
    assert case.says in error["message"]
    assert case.target is None or error["target"] == case.target
    assert ("WWW-Authenticate" in answer.headers) is (case.status == 401)
    assert world.send("GET", "/pipelines/endless").status_code == 200


def test_every_code_of_azure_is_among_the_cases() -> None:
    assert refusals.AZURE - {case.code for case in CASES.values()} == {"MissingApiVersionParameter"}


def test_the_api_version_has_to_be_given(arm: Arm, world: World) -> None:
    with arm.http(version=None) as http:
        error = http.get(world.base).json()["error"]
    assert error["code"] == "MissingApiVersionParameter"
    assert error["message"] == "The api-version query parameter (?api-version=) is required for all requests."


def test_each_problem_of_a_document_is_a_detail(world: World) -> None:
    activities = [{"name": "W", "type": "Wait", "typeProperties": {}}, {**WAIT, "name": "V", "color": "red", "x": {}}]
    answer = world.send("PUT", "/pipelines/p", json={"properties": {"activities": activities}, "more": 1})
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert error["target"].endswith("/pipelines/p")
    assert {"$.more"} <= {detail["target"] for detail in error["details"]}
    assert all(detail["code"] == "InvalidProperty" and detail["message"] for detail in error["details"])
    assert "see details)" in error["message"]


def test_the_audience_of_a_token_matters(arm: Arm, world: World) -> None:
    for audience, status in (
        ("https://management.azure.com/", 200),
        ("https://management.core.windows.net/", 200),
        ("https://vault.azure.net", 401),
    ):
        with arm.http(token=arm.token(audience)) as http:
            assert http.get(world.base).status_code == status


def test_a_path_is_read_whatever_its_case(world: World) -> None:
    shouted = world.http.get(world.base.upper() + "/PIPELINES/ENDLESS")
    assert shouted.status_code == 200
    assert shouted.json() == world.send("GET", "/pipelines/Endless").json()
    assert shouted.json()["id"] == f"{world.base}/pipelines/Endless"


def test_names_may_hold_any_letter(world: World) -> None:
    for name in ("Größe 100", "T データ", "a b(c)"):
        assert world.send("PUT", f"/pipelines/{name}", json=PIPELINE).json()["name"] == name
        assert world.send("GET", f"/pipelines/{name}").status_code == 200
        assert world.send("DELETE", f"/pipelines/{name}").status_code == 200


def test_an_etag_saves_an_answer(world: World) -> None:
    for path in ("", "/pipelines/endless"):
        first = world.send("GET", path)
        again = world.send("GET", path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]


def test_a_token_of_another_query_is_refused(world: World) -> None:
    runs = [world.send("POST", "/pipelines/endless/createRun").json()["runId"] for _ in range(101)]
    first = world.send("POST", "/queryPipelineRuns", json=WINDOW).json()
    token = first["continuationToken"]
    second = world.send("POST", "/queryPipelineRuns", json={**WINDOW, "continuationToken": token}).json()
    assert len(first["value"]) == 100
    assert len({run["runId"] for run in first["value"] + second["value"]}) == len(runs) + 2
    order = [{"orderBy": "RunStart", "order": "ASC"}]
    other = {**WINDOW, "orderBy": order, "continuationToken": token}
    assert world.send("POST", "/queryPipelineRuns", json=other).status_code == 400
    for run in runs:
        assert world.send("POST", f"/pipelineruns/{run}/cancel").status_code == 200


def test_the_next_page_is_found_where_the_link_says(world: World, arm: Arm) -> None:
    names = [f"page-{index:03}" for index in range(150)]
    for name in names:
        assert world.send("PUT", f"/pipelines/{name}", content=json.dumps(PIPELINE)).status_code == 200
    first = world.send("GET", "/pipelines").json()
    assert first["nextLink"].startswith(f"{arm.url}{world.base}/pipelines?")
    with arm.http(version=None) as http:
        second = http.get(first["nextLink"]).json()
    assert "nextLink" not in second
    listed = [item["name"] for item in first["value"] + second["value"]]
    assert listed == ["Endless", *names]

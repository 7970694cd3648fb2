"""Every rule: what it refuses, and the nearest thing that it takes."""

from dataclasses import replace

import pytest

from adf_export.backends.documents import Document, Kind
from adf_export.ir.factory import (
    MISSING,
    Activity,
    Body,
    Dataset,
    DatasetReference,
    Factory,
    LinkedService,
    Parameter,
    PipelineVariable,
    Policy,
    obj,
)
from adf_export.ir.origin import Origin
from adf_export.validate import problems, validate
from adf_lang.nodes import Node, call, literal, select
from tests.adf_export.backends.samples import activity, everything, factory, pipeline
from tests.adf_export.running import refusals

TEXTS = (PipelineVariable(name="v"), PipelineVariable(name="list", type="Array"))


def inside(*activities: Activity, slot: str = "activities") -> tuple[Body, ...]:
    return (Body(slot=slot, activities=activities),)


def loop(name: str = "Loop", *inner: Activity) -> Activity:
    return activity(
        name, "ForEach", items=call("createArray", literal(1)), bodies=inside(*(inner or (activity("In"),)))
    )


def until(*inner: Activity, expression: Node) -> Activity:
    return activity("Until", "Until", expression=expression, timeout="0.01:00:00", bodies=inside(*inner))


def choose(name: str, *inner: Activity) -> Activity:
    condition = call("equals", literal(1), literal(1))
    return activity(name, "IfCondition", expression=condition, bodies=inside(*inner, slot="ifTrueActivities"))


def output(name: str) -> Node:
    return call("string", select(call("activity", literal(name)), "output"))


def put(name: str, value: Node | str, *after: str, variable: str = "v") -> Activity:
    return activity(name, "SetVariable", *after, variableName=variable, value=value)


def append(value: Node) -> Activity:
    return activity("Append", "AppendVariable", variableName="list", value=value)


def one_by_one(*inner: Activity) -> Activity:
    made = loop("Loop", *inner)
    return replace(made, properties=obj([*made.properties.members, ("isSequential", True)]))


def web(policy: Policy, **more: str) -> Activity:
    return activity("W", "WebActivity", policy=policy, method="GET", url="https://a.test/", **more)


def lookup(**parameters: str) -> Activity:
    return activity(
        "L",
        "Lookup",
        source=obj(type="JsonSource"),
        dataset=DatasetReference(name="d", parameters=obj(parameters)).as_json(),
    )


def with_dataset(built: Factory, *parameters: Parameter) -> Factory:
    service = LinkedService(
        name="s", type="HttpServer", properties=obj(url="https://a.test/", authenticationType="Anonymous")
    )
    location = obj(location=obj(type="HttpServerLocation", relativeUrl="x"))
    data = Dataset(name="d", type="Json", linked_service="s", properties=location, parameters=parameters)
    return replace(built, datasets=(data,), linked_services=(service,))


FILE = Parameter(name="file", type="String", default=MISSING)

VAULT = "https://kv.vault.azure.net/secrets/key?api-version=7.4"


def reads_a_secret(key: Policy, use: Policy) -> Factory:
    used = call("concat", literal("Bearer "), select(call("activity", literal("Key")), "output", "value"))
    return factory(
        activity("Key", "WebActivity", method="GET", url=VAULT, policy=key),
        activity("Use", "WebActivity", "Key", method="GET", url="https://a.test/", headers=obj(a=used), policy=use),
    )


def starting(*names: str) -> Factory:
    """Each pipeline starts the one behind it, the last one the first."""
    started = [obj(referenceName=name, type="PipelineReference") for name in (*names[1:], names[0])]
    runs = [activity("Run", "ExecutePipeline", pipeline=one, waitOnCompletion=True) for one in started]
    return Factory(
        name="adf-test", pipelines=tuple(pipeline(run, name=name) for run, name in zip(runs, names, strict=True))
    )


HIDDEN = {"key": Policy(secure_output=True), "use": Policy(secure_input=True)}

GOOD: dict[str, Factory] = {
    "everything": everything(),
    "80 activities": factory(*(activity(f"W{n}") for n in range(80))),
    "if in a loop": factory(loop("Loop", choose("If", activity("W")))),
    "a name of 55": factory(activity("n" * 55)),
    "completed or skipped": factory(activity("A"), activity("B", "Wait", "A:Completed,Skipped")),
    "reads upstream": factory(activity("A"), activity("M", "Wait", "A"), put("B", output("A"), "M"), variables=TEXTS),
    "reads what failed": factory(activity("A"), put("B", output("A"), "A:Failed"), variables=TEXTS),
    "reads over an edge that may be skipped": factory(
        activity("A"),
        activity("Gate", "Wait", "A:Failed"),
        put("B", output("A"), "Gate:Skipped"),
        variables=TEXTS,
    ),
    "reads from outside of its container": factory(
        activity("A"),
        replace(loop("Loop", append(output("A"))), depends_on=activity("x", "Wait", "A").depends_on),
        variables=TEXTS,
    ),
    "until reads its inner activities": factory(
        until(activity("In"), expression=call("equals", output("In"), literal("")))
    ),
    "reads the last round of an until": factory(
        until(activity("In"), expression=call("equals", literal(1), literal(1))),
        put("B", output("In"), "Until"),
        variables=TEXTS,
    ),
    "dataset with its parameter": with_dataset(factory(lookup(file="x")), FILE),
    "a secret that is hidden": reads_a_secret(**HIDDEN),
    "sets a variable one by one": factory(one_by_one(put("B", "x")), variables=TEXTS),
    "10 minutes": factory(web(Policy(timeout_seconds=600))),
}
# name -> factory, what is told, where
BAD: dict[str, tuple[Factory, str, str]] = {
    "a secret in an output": (reads_a_secret(**{**HIDDEN, "key": Policy()}), "needs secureOutput", "[0].policy"),
    "a secret in an input": (reads_a_secret(**{**HIDDEN, "use": Policy()}), "needs secureInput", "[1].policy"),
    "121 activities": (factory(*(activity(f"W{n}") for n in range(121))), "121 activities", "$.properties.activities"),
    "81 activities": (factory(*(activity(f"W{n}") for n in range(81))), "may allow 80", "$.properties.activities"),
    "51 parameters": (
        factory(activity("W"), parameters=tuple(Parameter(name=f"p{n}", type="String", default="") for n in range(51))),
        "51 parameters",
        "$.properties.parameters",
    ),
    "26 cases": (
        factory(
            activity(
                "S", "Switch", on="a", bodies=tuple(Body(slot="cases", case=str(n), activities=()) for n in range(26))
            )
        ),
        "26 cases",
        "typeProperties.cases",
    ),
    "51 at once": (
        factory(replace(loop(), properties=obj(items=call("createArray", literal(1)), batchCount=51))),
        "must be at most 50",
        "batchCount",
    ),
    "200 KB": (factory(activity("W", description="x" * 205_000)), "at most 204800 are allowed", "$"),
    "a name of 56": (factory(activity("n" * 56)), "56 characters in an activity's name", ".name"),
    "a name with a dot": (factory(activity("a.b")), "characters that Data Factory does not take", ".name"),
    "names that differ in case": (factory(activity("a"), activity("A")), "is there twice", "activities[1].name"),
    "pipelines that differ in case": (
        Factory(name="adf-test", pipelines=(pipeline(name="a"), pipeline(name="A"))),
        "two documents are named 'A' and 'a'",
        "pipeline/A.json",
    ),
    "variables that differ in case": (
        factory(variables=(PipelineVariable(name="v"), PipelineVariable(name="V"))),
        "is there twice",
        "variables.V",
    ),
    "pipelines in a circle": (
        starting("a", "b", "c"),
        "in a circle, which cannot be published: 'a', 'b', 'c'",
        "a.json",
    ),
    "a pipeline that starts itself": (starting("a"), "in a circle", "pipeline/a.json"),
    "a factory's name": (replace(factory(), name="adf_test"), "no name of a factory", "$.name"),
    "loop in a loop": (
        factory(loop("Out", loop("In2"))),
        "cannot stand inside of a ForEach",
        "activities[0].typeProperties.activities[0]",
    ),
    "loop in an if": (factory(choose("If", loop())), "a ForEach cannot stand inside of a IfCondition", ""),
    "if in an if": (factory(choose("If", choose("If2", activity("W")))), "cannot stand inside of a IfCondition", ""),
    "if in an if in a loop": (
        factory(loop("L", choose("If", choose("If2", activity("W"))))),
        "cannot stand inside",
        "",
    ),
    "empty loop": (factory(replace(loop(), bodies=inside())), "no activity inside", ""),
    "unknown upstream": (factory(activity("A", "Wait", "B")), "which does not exist", "dependsOn[0]"),
    "upstream elsewhere": (
        factory(loop("Loop", activity("A")), activity("B", "Wait", "A")),
        "another list",
        "activities[1].dependsOn[0]",
    ),
    "twice upstream": (factory(activity("A"), activity("B", "Wait", "A", "a:Failed")), "twice", "dependsOn[1]"),
    "completed and failed": (
        factory(activity("A"), activity("B", "Wait", "A:Completed,Failed")),
        "Completed together with Failed",
        "",
    ),
    "circle": (factory(activity("A", "Wait", "B"), activity("B", "Wait", "A")), "in a circle: 'A', 'B'", ""),
    "circle with an expression": (
        factory(put("A", output("B"), "B"), put("B", "x", "A"), variables=TEXTS),
        "in a circle: 'A', 'B'",
        "",
    ),
    "no such dataset": (factory(lookup()), "there is no dataset 'd'", "typeProperties.dataset.referenceName"),
    "no such parameter": (with_dataset(factory(lookup(fil="x")), FILE), "has no parameter 'fil'", "parameters.fil"),
    "parameter not given": (with_dataset(factory(lookup()), FILE), "'file' of dataset 'd' has no default", ""),
    "parameter of another type": (
        with_dataset(factory(lookup(file="x")), replace(FILE, type="Int")),
        "is of type int",
        "parameters.file",
    ),
    "no such pipeline": (
        factory(
            activity(
                "E", "ExecutePipeline", pipeline=obj(referenceName="x", type="PipelineReference"), waitOnCompletion=True
            )
        ),
        "there is no pipeline 'x'",
        "",
    ),
    "no such variable": (
        factory(put("B", "x", variable="w"), variables=TEXTS),
        "variable 'w', which is not declared",
        "variableName",
    ),
    "variable in its own value": (
        factory(put("B", call("concat", call("variables", literal("V")), literal("x"))), variables=TEXTS),
        "which it sets",
        "",
    ),
    "variable of another type": (
        factory(put("B", "x", variable="list"), variables=TEXTS),
        "a value of type String",
        "",
    ),
    "expression of another type": (
        factory(put("B", call("length", literal("x"))), variables=TEXTS),
        "must be String",
        "",
    ),
    "appends to a text": (
        factory(activity("A", "AppendVariable", variableName="v", value="x"), variables=TEXTS),
        "no Array",
        "",
    ),
    "sets a variable at once": (
        factory(loop("Loop", put("B", "x")), variables=TEXTS),
        "that run at once",
        "activities[0]",
    ),
    "9 minutes": (factory(web(Policy(timeout_seconds=540))), "at least 600", "policy.timeout"),
    "8 days": (factory(web(Policy(timeout_seconds=8 * 86400))), "at most 604800", "policy.timeout"),
    "waits an hour for an answer": (
        factory(web(Policy(), httpRequestTimeout="01:00:00")),
        "at most 600",
        "httpRequestTimeout",
    ),
    "retry too soon": (
        factory(web(Policy(retry=1, retry_interval_seconds=5))),
        "must be at least 30",
        "retryIntervalInSeconds",
    ),
    "retry of a SetVariable": (
        factory(replace(put("B", "x"), policy=Policy(retry=1)), variables=TEXTS),
        "has no property 'retry'",
        "policy.retry",
    ),
    "no such function": (
        factory(put("B", call("xcom", literal("a"))), variables=TEXTS),
        "xcom",
        "typeProperties.value",
    ),
    "no such pipeline parameter": (
        factory(put("B", select(call("pipeline"), "parameters", "p")), variables=TEXTS),
        "no parameter 'p'",
        "",
    ),
    "no such global parameter": (
        factory(put("B", select(call("pipeline"), "globalParameters", "p")), variables=TEXTS),
        "no global parameter 'p'",
        "",
    ),
    "item outside": (factory(put("B", call("string", call("item"))), variables=TEXTS), "outside of a ForEach", ""),
    "condition is a text": (
        factory(replace(choose("If", activity("W")), properties=obj(expression=call("string", literal(1))))),
        "must be Boolean",
        "",
    ),
    "8,193 characters": (
        factory(put("B", call("string", literal("x" * 8193))), variables=TEXTS),
        "characters in an expression",
        "",
    ),
    "reads what is not upstream": (
        factory(activity("A"), put("B", output("A")), variables=TEXTS),
        "may not have run",
        "",
    ),
    "reads what may be skipped": (
        factory(
            activity("A"),
            activity("S", "Wait", "A:Failed"),
            put("B", output("S"), "S:Completed,Skipped"),
            variables=TEXTS,
        ),
        "reads activity 'S', which may not have run",
        "activities[2].typeProperties.value.value",
    ),
    "reads what was skipped": (
        factory(activity("A"), activity("S", "Wait", "A"), put("B", output("S"), "S:Skipped"), variables=TEXTS),
        "may not",
        "",
    ),
    "reads inside of an if": (
        factory(choose("If", activity("A")), put("B", output("A"), "If"), variables=TEXTS),
        "may not have run",
        "",
    ),
    "reads what does not exist": (factory(put("B", output("A")), variables=TEXTS), "does not exist", ""),
    "unknown property": (
        factory(activity("W", waitTimeInSecond=1)),
        "did you mean 'waitTimeInSeconds'",
        "waitTimeInSecond",
    ),
    "unknown type": (factory(activity("W", "Wayt")), "Activity has no type 'Wayt'", ".type"),
    "missing property": (factory(activity("W", "WebActivity", method="GET")), "property 'url' is missing", ""),
    "not one of": (factory(activity("W", "WebActivity", method="HEAD", url="x")), "must be GET or POST", "method"),
}


@pytest.mark.parametrize("name", GOOD)
def test_takes(name: str) -> None:
    assert validate(GOOD[name]) == ()


@pytest.mark.parametrize("name", GOOD)
def test_the_local_data_factory_takes_it_too(name: str) -> None:
    assert refusals(GOOD[name]) == []


@pytest.mark.parametrize("name", BAD)
def test_refuses(name: str) -> None:
    built, what, where = BAD[name]
    found = validate(built)
    assert found
    assert [item for item in found if what in item.summary and where in item.path] != [], found
    assert len(found) <= 2


def test_a_problem_is_told_at_the_task_it_comes_from() -> None:
    (found,) = validate(factory(activity("A"), activity("Ok"), loop("Loop", activity("a.b"))))
    assert found.origin == Origin(file="dags/daily.py", line=10, dag_id="daily", task_id="a.b")
    assert found.path == "pipeline/daily.json: $.properties.activities[2].typeProperties.activities[0].name"


def test_an_expression_is_refused_where_the_table_has_a_plain_text() -> None:
    properties = {
        "activities": [
            {
                "name": "W",
                "type": "WebHook",
                "dependsOn": [],
                "typeProperties": {"method": "POST", "url": "https://a.test/", "timeout": "@string(1)"},
            }
        ]
    }
    document = Document(kind=Kind.PIPELINE, name="p", properties=properties)
    assert [problem.what for problem in problems(document, {kind: {} for kind in Kind})] == [
        "is an expression, but Data Factory takes none here"
    ]


# What the local Data Factory takes although we refuse it -> why.
OURS_ALONE = {
    "81 activities": "a warning",
    "9 minutes": "it honours shorter timeouts than Azure",
    "a pipeline that starts itself": "it judges one document at a time",
    "a secret in an input": "a matter of what is shown, not of what runs",
    "a secret in an output": "as above",
    "completed and failed": "the authoring tool refuses it, the service does not",
    "empty loop": "it does nothing then",
    "pipelines in a circle": "it judges one document at a time",
    "pipelines that differ in case": "the later one replaces the other",
    "reads what may be skipped": "it fails when it runs",
    "reads what was skipped": "as above",
    "sets a variable at once": "a race is no fault of one document",
}


@pytest.mark.parametrize("name", BAD)
def test_the_local_data_factory_refuses_it_too(name: str) -> None:
    assert bool(refusals(BAD[name][0])) is (name not in OURS_ALONE)

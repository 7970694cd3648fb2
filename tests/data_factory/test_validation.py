"""What is refused when a pipeline is PUT, with its path; and what real files hold and is taken."""

import json
import time
from typing import Any

import pytest

from local_azure.data_factory.validation import Documents, Kind, validate
from tests.data_factory.documents import (
    activity,
    execute_pipeline,
    expression,
    for_each,
    if_condition,
    pipeline,
    reference,
    service,
    set_variable,
    switch,
    until,
    wait,
    web,
)

Json = Any

FACTORY = Documents(
    pipelines={
        "Child": {"parameters": {"day": {"type": "String"}, "n": {"type": "Int", "defaultValue": 1}}, "activities": []},
        "Plain": {"activities": []},
    },
    datasets={"Prices": {"type": "Json", "parameters": {"folder": {"type": "string"}}}},
    linked_services={"Store": {"type": "AzureBlobStorage"}},
    parameters=("region",),
)
A = "$.properties.activities"
# Type properties of the first activity.
T = f"{A}[0].typeProperties"


def found(document: Json, *, kind: Kind = Kind.PIPELINE, name: str = "P", factory: Documents = FACTORY) -> list[str]:
    return [f"{item.path}: {item.message}" for item in validate(kind, name, document, factory)]


def assert_found(problems: list[str], expected: dict[str, str]) -> None:
    """Exactly these paths, each with a part of its message."""
    assert [item.partition(": ")[0] for item in problems] == list(expected), problems
    for item, (path, part) in zip(problems, expected.items(), strict=True):
        assert part in item, f"{path} should say '{part}': {item}"


ITEM = activity("Wait", "W", waitTimeInSeconds=expression("@item()"))
SOUND: dict[str, Json] = {
    "nothing at all": pipeline(),
    "no activities": {"properties": {}},
    "a chain": pipeline(wait("A"), wait("B", "A"), wait("C", "B:Completed")),
    "seconds as a text": pipeline(wait("A", seconds="10")),
    "seconds as an expression": pipeline(wait("A", seconds="@add(1, 2)")),
    "seconds as an expression object": pipeline(wait("A", seconds=expression("@add(1, 2)"))),
    "a text that looks like an expression": pipeline(web("A", url="@@home")),
    "null is the same as absent": pipeline(web("A", headers=None, body=None)),
    "an object as body": pipeline(web("A", method="POST", body={"a": expression("@pipeline().RunId")})),
    "PATCH, which the page has": pipeline(web("A", method="PATCH", body="x")),
    "parameter types as the authoring tool writes them": pipeline(
        parameters={
            "a": "string",
            "b": "int",
            "c": "bool",
            "d": "array",
            "e": "object",
            "f": "float",
            "g": "secureString",
        }
    ),
    "variable type Boolean": pipeline(variables={"a": "Boolean", "b": "Bool", "c": "Integer"}),
    "lastPublishTime": pipeline(lastPublishTime="2023-02-12T11:27:07Z", annotations=["a"], folder={"name": "x/y"}),
    "an empty cancelAfter": pipeline(policy={"elapsedTimeMetric": {}, "cancelAfter": {}}),
    "unknown property of an activity": pipeline({**wait("A"), "externalReferences": {"connection": "x"}}),
    "booleans as texts": pipeline(for_each("F", wait("A"), isSequential="true", batchCount="20")),
    "conditions in any case": pipeline(wait("A"), wait("B", "A:succeeded")),
    "names in any case": pipeline(
        wait("Load"), set_variable("V", "@activity('LOAD').output.x", "load"), variables={"v": "String"}
    ),
    "an inactive activity is not looked at": pipeline(
        {**activity("HDInsightHive", "A", nonsense=1), "state": "Inactive"}
    ),
    "nor what is inside of it": pipeline({**for_each("F", activity("NoType", "B")), "state": "inactive"}),
    "item in a loop": pipeline(for_each("F", ITEM)),
    "item in a branch in a loop": pipeline(for_each("F", if_condition("I", ITEM))),
    "item in the condition of a Filter": pipeline(
        activity("Filter", "F", items=expression("@createArray(1)"), condition=expression("@greater(item(), 1)"))
    ),
    "branches in loops": pipeline(until("U", switch("S", wait("W"))), for_each("F", if_condition("I", wait("X")))),
    "an activity of the loop in Until's condition": pipeline(
        until("U", web("Ask"), condition="@equals(activity('Ask').output.status, 'done')")
    ),
    "the last turn of an Until, after it": pipeline(
        until("U", web("Ask")), web("B", "U", url="@activity('Ask').output.next")
    ),
    "upstream through others": pipeline(web("A"), wait("B", "A"), web("C", "B", url="@activity('A').output.next")),
    "upstream of the container": pipeline(
        web("A"), for_each("F", web("B", url="@activity('A').output.next"), after=("A",))
    ),
    "a pipeline with its parameters": pipeline(execute_pipeline("E", "child", {"DAY": "2026-01-31"})),
    "arrays as texts are handed on": pipeline(execute_pipeline("E", "Child", {"day": 1, "n": "7"})),
    "a return value": pipeline(
        activity(
            "SetVariable",
            "R",
            variableName="pipelineReturnValue",
            setSystemVariable=True,
            value=[{"key": "a", "value": {"type": "Expression", "content": "@pipeline().RunId"}}],
        )
    ),
    "a retry of nothing": pipeline(
        {**set_variable("v", "x"), "policy": {"retry": 0, "retryIntervalInSeconds": 30, "secureInput": False}},
        variables={"v": "String"},
    ),
    "global parameter": pipeline(web("A", url="@concat('http://', pipeline().globalParameters.region)")),
    "system variables": pipeline(web("A", url="@concat(pipeline().RunId, pipeline()?.TriggeredByPipelineName)")),
    "the whole document as a GET gave it": {
        "id": "/x",
        "name": "P",
        "etag": "1",
        "type": "Microsoft.DataFactory/factories/pipelines",
        "properties": {},
    },
}


@pytest.mark.parametrize("case", SOUND)
def test_takes(case: str) -> None:
    assert found(SOUND[case]) == []


TOO_LONG = "x" * 56
WRONG: dict[str, tuple[Json, dict[str, str]]] = {
    # Shape
    "no object": ([], {"$": "must be an object"}),
    "no properties": ({}, {"$": "'properties' is missing"}),
    "unknown word beside properties": ({"properties": {}, "propertys": 1}, {"$.propertys": "unknown property"}),
    "activities are no array": ({"properties": {"activities": {}}}, {f"{A}": "must be an array, but is Object"}),
    "an activity that is none": (pipeline("x"), {f"{A}[0]": "must be an object, but is String"}),
    "no name": (
        pipeline({"type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}),
        {f"{A}[0]": "'name' is missing"},
    ),
    "no type": (pipeline({"name": "A"}), {f"{A}[0]": "'type' is missing"}),
    "unknown type": (pipeline(activity("Wiat", "A")), {f"{A}[0].type": "did you mean 'Wait'"}),
    "type in the wrong case": (pipeline(activity("filter", "A")), {f"{A}[0].type": "did you mean 'Filter'"}),
    "required property": (pipeline(activity("Wait", "A")), {T: "'waitTimeInSeconds' is missing"}),
    "null is missing": (pipeline(wait("A", seconds=None)), {T: "'waitTimeInSeconds' is missing"}),
    "no typeProperties": (
        pipeline({"name": "A", "type": "Wait"}),
        {f"{A}[0]": "the required property 'typeProperties' is missing"},
    ),
    "unknown type property": (
        pipeline(activity("Wait", "A", waitTimeInSeconds=1, waitTime=2)),
        {f"{T}.waitTime": "did you mean 'waitTimeInSeconds'?"},
    ),
    "a slip beside the discriminator": (
        pipeline({**wait("A"), "dependOn": []}),
        {f"{A}[0].dependOn": "did you mean 'dependsOn'?"},
    ),
    "integer": (pipeline(wait("A", seconds="soon")), {f"{T}.waitTimeInSeconds": "an integer"}),
    "a boolean is no integer": (pipeline(wait("A", seconds=True)), {f"{T}.waitTimeInSeconds": "Boolean"}),
    "string": (pipeline(web("A", url=["x"])), {f"{T}.url": "must be a string"}),
    "enumeration": (pipeline(web("A", method="FETCH")), {f"{T}.method": "one of GET, POST, PUT"}),
    "condition of a dependency": (
        pipeline(wait("A"), wait("B", "A:Success")),
        {f"{A}[1].dependsOn[0].dependencyConditions[0]": "one of Succeeded, Failed, Skipped, Completed"},
    ),
    "bare expression where the object is needed": (
        pipeline(activity("IfCondition", "I", expression="@equals(1, 1)")),
        {f"{T}.expression": '{"value": "@...", "type": "Expression"}'},
    ),
    "no expression where none may stand": (
        pipeline(for_each("F", wait("A"), isSequential="@equals(1, 1)")),
        {f"{T}.isSequential": "an expression cannot stand here"},
    ),
    "batchCount": (
        pipeline(for_each("F", wait("A"), batchCount=51)),
        {f"{T}.batchCount": "must be at most 50, but is 51"},
    ),
    "retry below zero": (pipeline({**web("A"), "policy": {"retry": -1}}), {f"{A}[0].policy.retry": "at least 0"}),
    "retry interval": (
        pipeline({**web("A"), "policy": {"retryIntervalInSeconds": 5}}),
        {f"{A}[0].policy.retryIntervalInSeconds": "at least 30, but is 5"},
    ),
    "form of a timeout": (
        pipeline({**web("A"), "policy": {"timeout": "1h"}}),
        {f"{A}[0].policy.timeout": "0.12:00:00"},
    ),
    "longest timeout": (
        pipeline({**web("A"), "policy": {"timeout": "8.00:00:00"}}),
        {f"{A}[0].policy.timeout": "7 days"},
    ),
    "concurrency": (pipeline(concurrency=0), {"$.properties.concurrency": "at least 1"}),
    "type of a parameter": (
        pipeline(parameters={"a": "Text"}),
        {"$.properties.parameters.a.type": "one of array, bool"},
    ),
    "type of a variable": (
        pipeline(variables={"a": "Object"}),
        {"$.properties.variables.a.type": "one of array, bool"},
    ),
    "default of a parameter": (
        {"properties": {"parameters": {"a": {"type": "Int", "defaultValue": "x"}}}},
        {"$.properties.parameters.a.defaultValue": "must be Int"},
    ),
    "default of a variable": (
        {"properties": {"variables": {"a": {"type": "Array", "defaultValue": {}}}}},
        {"$.properties.variables.a.defaultValue": "must be Array"},
    ),
    "cancelAfter": (
        pipeline(policy={"cancelAfter": {"duration": "0.01:00:00"}}),
        {"$.properties.policy.cancelAfter": "not executed"},
    ),
    # Limits and names
    "121 activities": (
        pipeline(*(wait(f"A{index}") for index in range(119)), if_condition("I", wait("B"))),
        {A: "has 121 activities, inner ones counted, Data Factory takes 120"},
    ),
    "51 parameters": (
        pipeline(parameters={f"p{index}": "String" for index in range(51)}),
        {"$.properties.parameters": "51 parameters"},
    ),
    "26 cases": (
        pipeline(
            activity(
                "Switch",
                "S",
                on=expression("@string(1)"),
                cases=[{"value": str(n), "activities": []} for n in range(26)],
            )
        ),
        {f"{T}.cases": "26 cases"},
    ),
    "6 user properties": (
        pipeline(wait("A", userProperties=[{"name": str(n), "value": "x"} for n in range(6)])),
        {f"{A}[0].userProperties": "6 user properties"},
    ),
    "too many bytes": (pipeline(description="ä" * 103_000), {"$": "206,0"}),
    "name of an activity": (pipeline(wait("a.b")), {f"{A}[0].name": "begins with a letter, digit or underscore"}),
    "length of an activity's name": (pipeline(wait(TOO_LONG)), {f"{A}[0].name": "56 characters, 55 are allowed"}),
    "names of activities, at any depth": (
        pipeline(wait("A"), if_condition("I", wait("a"))),
        {f"{A}[1].typeProperties.ifTrueActivities[0].name": "an activity named 'A' is there already"},
    ),
    "names of parameters": (
        pipeline(parameters={"a": "String", "A": "String"}),
        {"$.properties.parameters.A": "a parameter named 'a' is there already"},
    ),
    "name in the URL": ({"name": "Q", "properties": {}}, {"$.name": "put as 'P', but calls itself 'Q'"}),
    # Dependencies
    "unknown dependency": (pipeline(wait("A", "B")), {f"{A}[0].dependsOn[0].activity": "no activity 'B' to depend on"}),
    "dependency of another list": (
        pipeline(wait("A"), if_condition("I", wait("B", "A"))),
        {f"{A}[1].typeProperties.ifTrueActivities[0].dependsOn[0].activity": "activities of its own list"},
    ),
    "twice the same": (
        pipeline(wait("A"), wait("B", "A", "a:Failed")),
        {f"{A}[1].dependsOn[1].activity": "is there already"},
    ),
    "on itself": (pipeline(wait("A", "A")), {f"{A}[0].dependsOn": "in a circle: 'A' -> 'A'"}),
    "a circle": (
        pipeline(wait("Z", "B"), wait("A", "C"), wait("B", "A"), wait("C", "B")),
        {f"{A}[2].dependsOn": "in a circle: 'B' -> 'A' -> 'C' -> 'B'"},
    ),
    # Nesting
    "loop in loop": (
        pipeline(for_each("F", for_each("G", wait("A")))),
        {f"{T}.activities[0].type": "ForEach 'G' cannot stand in ForEach 'F'"},
    ),
    "Until in ForEach": (
        pipeline(for_each("F", until("U", wait("A")))),
        {f"{T}.activities[0].type": "start that by ExecutePipeline"},
    ),
    "branch in branch": (
        pipeline(switch("S", if_condition("I", wait("A")))),
        {f"{T}.cases[0].activities[0].type": "IfCondition 'I' cannot stand in Switch 'S'"},
    ),
    "Validation in a container": (
        pipeline(until("U", activity("Validation", "V", dataset=reference("Prices", folder="x")))),
        {f"{T}.activities[0].type": "Validation 'V' cannot stand in Until 'U'"},
    ),
    "loop in branch": (
        pipeline(if_condition("I", for_each("F", wait("A")))),
        {f"{T}.ifTrueActivities[0].type": "cannot stand in IfCondition"},
    ),
    # References
    "unknown pipeline": (
        pipeline(execute_pipeline("E", "Chidl")),
        {f"{T}.pipeline.referenceName": "there is no pipeline 'Chidl' in the factory; did you mean 'Child'?"},
    ),
    "missing argument": (
        pipeline(execute_pipeline("E", "Child")),
        {T: "parameter 'day' of pipeline 'Child' has no default and is not given"},
    ),
    "unknown argument": (
        pipeline(execute_pipeline("E", "Plain", {"day": "x"})),
        {f"{T}.parameters.day": "pipeline 'Plain' has no parameter 'day'"},
    ),
    "argument of another type": (
        pipeline(execute_pipeline("E", "Child", {"day": "x", "n": "seven"})),
        {f"{T}.parameters.n": "must be Int"},
    ),
    "wrong kind of reference": (
        pipeline(
            activity(
                "ExecutePipeline",
                "E",
                pipeline={"referenceName": "Child", "type": "DatasetReference"},
                parameters={"day": "x"},
            )
        ),
        {f"{T}.pipeline.type": "must be 'PipelineReference', but is 'DatasetReference'"},
    ),
    "unknown dataset": (
        pipeline(activity("GetMetadata", "G", dataset=reference("Price"), fieldList=["exists"])),
        {f"{T}.dataset.referenceName": "there is no dataset 'Price' in the factory; did you mean 'Prices'?"},
    ),
    "parameter of a dataset": (
        pipeline(activity("GetMetadata", "G", dataset=reference("Prices", fodler="x"), fieldList=["exists"])),
        {
            f"{T}.dataset.parameters": "parameter 'folder' of dataset 'Prices' has no default and is not given",
            f"{T}.dataset.parameters.fodler": "dataset 'Prices' has no parameter 'fodler'; did you mean 'folder'?",
        },
    ),
    "linked service of an activity": (
        pipeline(activity("AzureFunctionActivity", "F", method="GET", functionName="f", more=service("Stroe"))),
        {f"{A}[0].linkedServiceName.referenceName": "did you mean 'Store'?"},
    ),
    "unknown source": (
        pipeline(activity("Lookup", "L", dataset=reference("Prices", folder="x"), source={"type": "JsnSource"})),
        {f"{T}.source.type": "unknown copy source type 'JsnSource': did you mean 'JsonSource'"},
    ),
    "unknown property of a source": (
        pipeline(
            activity("Lookup", "L", dataset=reference("Prices", folder="x"), source={"type": "JsonSource", "x": 1})
        ),
        {f"{T}.source.x": "unknown property 'x'"},
    ),
    # Expressions
    "syntax": (pipeline(web("A", url="@concat('a'")), {f"{T}.url": "column 12"}),
    "syntax in interpolation": (pipeline(web("A", url="http://@{item(}")), {f"{T}.url": "column"}),
    "unknown function": (pipeline(web("A", url="@concatt('a')")), {f"{T}.url": "did you mean 'concat'"}),
    "kind of an argument": (pipeline(web("A", url="@toLower(1)")), {f"{T}.url": "must be string, but is Integer"}),
    "in a header": (
        pipeline(web("A", headers={"x-day": "@pipeline().parameters.day"})),
        {f"{T}.headers['x-day']": "there is no parameter 'day'"},
    ),
    "deep in a body": (
        pipeline(web("A", method="POST", body={"a": [{"b": "@variables('x')"}]})),
        {f"{T}.body.a[0].b": "there is no variable 'x'"},
    ),
    "unknown parameter": (
        pipeline(web("A", url="@pipeline().parameters.dya"), parameters={"day": "String"}),
        {f"{T}.url": "there is no parameter 'dya' (column 2 of @pipeline().parameters.dya); did you mean 'day'?"},
    ),
    "unknown global parameter": (
        pipeline(web("A", url="@pipeline().globalParameters.regoin")),
        {f"{T}.url": "did you mean 'region'?"},
    ),
    "unknown system variable": (pipeline(web("A", url="@pipeline().RunID2")), {f"{T}.url": "member of pipeline()"}),
    "not upstream": (
        pipeline(web("A"), web("B", url="@activity('A').output.next")),
        {f"{A}[1].typeProperties.url": "activity 'A' is not upstream: let 'B' depend on it"},
    ),
    "downstream": (
        pipeline(web("A", url="@activity('B').output.x"), web("B", "A")),
        {f"{T}.url": "activity 'B' is not upstream"},
    ),
    "no such activity": (pipeline(web("A", url="@activity('X').output.x")), {f"{T}.url": "upstream named 'X'"}),
    "itself": (pipeline(web("A", url="@activity('A').output.x")), {f"{T}.url": "'A' cannot see itself"}),
    "a sibling in the container": (
        pipeline(for_each("F", web("A"), web("B", url="@activity('A').output.x"))),
        {f"{T}.activities[1].typeProperties.url": "let 'B' depend on it"},
    ),
    "beside the container": (
        pipeline(web("A"), for_each("F", web("B", url="@activity('A').output.x"))),
        {f"{A}[1].typeProperties.activities[0].typeProperties.url": "let 'F' depend on it"},
    ),
    "inside of a loop, from outside": (
        pipeline(for_each("F", web("A")), web("B", "F", url="@activity('A').output.x")),
        {f"{A}[1].typeProperties.url": "activity 'A' inside of 'F' cannot be seen from here"},
    ),
    "item outside of a loop": (pipeline(web("A", url="@item()")), {f"{T}.url": "item() is not known outside"}),
    "item in the items of a Filter": (
        pipeline(activity("Filter", "F", items=expression("@item()"), condition=expression("@equals(1, 1)"))),
        {f"{T}.items.value": "item() is not known outside"},
    ),
    "dataset() in a pipeline": (pipeline(web("A", url="@dataset().x")), {f"{T}.url": "only in a dataset"}),
    "trigger() in a pipeline": (pipeline(web("A", url="@trigger().startTime")), {f"{T}.url": "pass it as a parameter"}),
    "items are no array": (
        pipeline(for_each("F", wait("A"), items="@string(1)")),
        {f"{T}.items.value": "must be Array, but is String"},
    ),
    "a text is no condition": (
        pipeline(if_condition("I", wait("A"), condition="@{equals(1, 1)}")),
        {f"{T}.expression.value": "must be Boolean, but is String"},
    ),
    "an array is no number": (
        pipeline(wait("A", seconds="@createArray(1)")),
        {f"{T}.waitTimeInSeconds": "but is Array"},
    ),
    "an expression that is too long": (
        pipeline(web("A", url=f"@concat('{'x' * 9000}')")),
        {f"{T}.url": "Data Factory allows 8,192"},
    ),
    "in a user property": (
        pipeline(wait("A", userProperties=[{"name": "n", "value": "@pipeline().parameters.x"}])),
        {f"{A}[0].userProperties[0].value": "there is no parameter 'x'"},
    ),
    "in a policy": (pipeline({**web("A"), "policy": {"retry": "@length(1)"}}), {f"{A}[0].policy.retry": "must be"}),
    # Variables
    "unknown variable": (pipeline(set_variable("x", "1")), {f"{T}.variableName": "declare it under variables"}),
    "its own value": (
        pipeline(set_variable("x", "@concat(variables('X'), '1')"), variables={"x": "String"}),
        {f"{T}.value": "cannot refer to the variable it sets"},
    ),
    "value of another type": (
        pipeline(set_variable("x", ["a"]), variables={"x": "String"}),
        {f"{T}.value": "variable 'x' takes String, but the value is Array"},
    ),
    "expression of another type": (
        pipeline(set_variable("x", expression("@add(1, 2)")), variables={"x": "String"}),
        {f"{T}.value.value": "must be String, but is"},
    ),
    "only arrays grow": (
        pipeline(activity("AppendVariable", "A", variableName="x", value="1"), variables={"x": "String"}),
        {f"{T}.variableName": "only an Array grows"},
    ),
    "return value of another form": (
        pipeline(activity("SetVariable", "R", variableName="pipelineReturnValue", setSystemVariable=True, value=["x"])),
        {f"{T}.value[0]": '{"key": .., "value": {"type": .., "content": ..}}'},
    ),
    # What is not executed
    "activity type": (
        pipeline(activity("HDInsightHive", "A", nonsense="@nothing")),
        {f"{A}[0].type": "activity type 'HDInsightHive' is not executed by the local Data Factory"},
    ),
    "policy of a type without one": (
        pipeline({**wait("A"), "policy": {"retry": 2, "timeout": "0.01:00:00"}}),
        {f"{A}[0].policy.retry": "does nothing for Wait", f"{A}[0].policy.timeout": "does nothing for Wait"},
    ),
    "policy of a type with little of it": (
        pipeline({**execute_pipeline("E", "Plain"), "policy": {"secureInput": True, "retry": 2}}),
        {f"{A}[0].policy.retry": "'retry' does nothing for ExecutePipeline, which has secureInput"},
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_refuses(case: str) -> None:
    document, expected = WRONG[case]
    assert_found(found(document), expected)


NAMES: dict[str, str] = {
    "x" * 140: "",
    "x" * 141: "141 characters",
    "with space and ümlaut": "",
    "-dash": "must have the form",
    "a.b": "must have the form",
    "": "must have the form",
}


@pytest.mark.parametrize("name", NAMES)
def test_name_of_a_pipeline(name: str) -> None:
    problems = found(pipeline(), name=name)
    assert bool(problems) == bool(NAMES[name])
    assert NAMES[name] in " ".join(problems)


def test_tells_all_at_once_in_order_and_not_more_than_a_screenful() -> None:
    problems = found(pipeline(*(wait(f"A{index}", seconds="x") for index in range(30))))
    paths = [item.partition(": ")[0] for item in problems[:-1]]
    assert paths == [f"{A}[{index}].typeProperties.waitTimeInSeconds" for index in range(20)]
    assert problems[-1] == "$: ... and 10 more"


def test_deep_documents_are_refused_not_crashed_on() -> None:
    deep: Json = "x"
    for _ in range(5000):
        deep = {"a": deep}
    assert found(pipeline(web("A", method="POST", body=deep))) == ["$: the document is nested too deeply"]


def test_never_raises_whatever_stands_anywhere() -> None:
    """Every value of sound documents is replaced by every kind of value."""
    strange = (None, True, -1, 0.5, "", "@", "@{", "x", [], [None], [[]], {}, {"type": "Expression"}, {"a": None})
    for document in SOUND.values():
        text = json.dumps(document)
        for path in _paths(document, ()):
            for value in strange:
                changed = json.loads(text)
                target = changed
                for step in path[:-1]:
                    target = target[step]
                target[path[-1]] = value
                validate(Kind.PIPELINE, "P", changed, FACTORY)


def _paths(value: Json, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    found: list[tuple[str | int, ...]] = [path] if path else []
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in steps:
        found.extend(_paths(item, (*path, key)))
    return found


def test_a_thousand_pipelines_take_about_a_second() -> None:
    """Generously bounded for slow machines; benchmarks/ has the figure."""
    chain = pipeline(
        *(
            set_variable("v", expression(f"@concat('{n}', string(1))"), *([f"S{n - 1}"] if n else []), name=f"S{n}")
            for n in range(10)
        ),
        parameters={"day": "string"},
        variables={"v": "String"},
    )
    documents = [json.loads(json.dumps(chain)) for _ in range(1000)]
    begun = time.process_time()
    assert not any(validate(Kind.PIPELINE, f"p{index}", item, FACTORY) for index, item in enumerate(documents))
    assert time.process_time() - begun < 10

"""Dependencies, outcome, control activities, parameters, variables, policy: what Data Factory's pages say, executed."""

from pathlib import Path
from typing import Any

import pytest

from local_azure.data_factory.choices import Choices, LeafReading, UntilOutcome
from local_azure.data_factory.errors import ArmError
from local_azure.data_factory.injection import Injection
from tests.data_factory.harness import (
    FAILED,
    OK,
    Pipelines,
    activity,
    expression,
    inject,
    pipeline,
    run,
    set_variable,
)

# The patterns of the page "errors and conditional execution": edges, what is injected, statuses, outcome.
PATTERNS: list[tuple[str, list[dict[str, Any]], dict[str, Injection], dict[str, str], str]] = [
    ("try-catch, ok", [activity("A"), activity("H", after=["A:Failed"])], {}, {"H": "Skipped"}, "Succeeded"),
    (
        "try-catch, failed",
        [activity("A"), activity("H", after=["A:Failed"])],
        {"A": FAILED},
        {"A": "Failed", "H": "Succeeded"},
        "Succeeded",
    ),
    (
        "do-if-else, failed",
        [activity("A"), activity("H", after=["A:Failed"]), activity("B", after=["A"])],
        {"A": FAILED},
        {"H": "Succeeded", "B": "Skipped"},
        "Failed",
    ),
    (
        "do-if-skip-else, failed",
        [
            activity("A"),
            activity("H", after=["A:Failed"]),
            activity("B", after=["A"]),
            activity("D", after=["B:Skipped"]),
        ],
        {"A": FAILED},
        {"H": "Succeeded", "B": "Skipped", "D": "Succeeded"},
        "Succeeded",
    ),
    (
        "best effort, failed",
        [activity("A"), activity("B", after=["A:Completed"])],
        {"A": FAILED},
        {"B": "Succeeded"},
        "Succeeded",
    ),
    (
        "generic handler, first failed",
        [
            activity("A"),
            activity("B", after=["A"]),
            activity("C", after=["B"]),
            activity("H", after=["C:Failed,Skipped"]),
        ],
        {"A": FAILED},
        {"A": "Failed", "B": "Skipped", "C": "Skipped", "H": "Succeeded"},
        "Succeeded",
    ),
    (
        "generic handler, ok",
        [activity("A"), activity("B", after=["A"]), activity("H", after=["B:Failed,Skipped"])],
        {},
        {"A": "Succeeded", "B": "Succeeded", "H": "Skipped"},
        "Succeeded",
    ),
    (
        "completed does not take skipped",
        [activity("A"), activity("B", after=["A"]), activity("C", after=["B:Completed"])],
        {"A": FAILED},
        {"B": "Skipped", "C": "Skipped"},
        "Failed",
    ),
    (
        "entries are joined by and",
        [activity("A"), activity("B"), activity("C", after=["A", "B:Failed"])],
        {},
        {"C": "Skipped"},
        "Succeeded",
    ),
]


@pytest.mark.parametrize(("activities", "injected", "statuses", "outcome"), [row[1:] for row in PATTERNS],
                         ids=[row[0] for row in PATTERNS])  # fmt: skip
@pytest.mark.parametrize("order", [1, -1], ids=["as written", "reversed"])
def test_patterns(
    tmp_path: Path,
    activities: list[dict[str, Any]],
    injected: dict[str, Injection],
    statuses: dict[str, str],
    outcome: str,
    order: int,
) -> None:
    done = run(tmp_path, pipeline(*activities[::order]), injections=inject(**injected))
    assert statuses.items() <= done.statuses().items()
    assert done.run.status == outcome


def test_independent_activities_run_beside_each_other(tmp_path: Path) -> None:
    parts = [activity(f"W{index}", waitTimeInSeconds=60) for index in range(5)]
    assert run(tmp_path, pipeline(*parts)).seconds == 60


# One skipped leaf with two parents, one good and one failed: where the readings differ.
@pytest.mark.parametrize(
    ("reading", "outcome"),
    [
        (LeafReading.ALL_PARENTS, "Failed"),
        (LeafReading.ANY_PARENT, "Succeeded"),
        (LeafReading.ONE_LEVEL_SKIPPED_GOOD, "Failed"),
        (LeafReading.ONE_LEVEL_SKIPPED_BAD, "Failed"),
    ],
)
def test_a_skipped_leaf_with_two_parents(tmp_path: Path, reading: LeafReading, outcome: str) -> None:
    definition = pipeline(activity("A"), activity("B"), activity("C", after=["A", "B"]))
    done = run(tmp_path, definition, injections=inject(B=FAILED), choices=Choices(leaf_reading=reading))
    assert done.run.status == outcome


@pytest.mark.parametrize(
    ("reading", "outcome"),
    [(LeafReading.ONE_LEVEL_SKIPPED_GOOD, "Succeeded"), (LeafReading.ONE_LEVEL_SKIPPED_BAD, "Failed")],
)
def test_a_skipped_leaf_below_a_skipped_activity(tmp_path: Path, reading: LeafReading, outcome: str) -> None:
    definition = pipeline(activity("A"), activity("B", after=["A:Failed"]), activity("C", after=["B"]))
    assert run(tmp_path, definition, choices=Choices(leaf_reading=reading)).run.status == outcome


def test_the_message_of_a_failed_run_names_the_activity(tmp_path: Path) -> None:
    definition = pipeline(activity("Boom", "Fail", message="@concat('no ', 'luck')", errorCode="42"))
    done = run(tmp_path, definition)
    assert done.run.message == "Operation on target Boom failed: no luck"
    record = done.record("Boom")
    assert (record.error_code, record.error_message, record.failure_type) == ("42", "no luck", "UserError")


@pytest.mark.parametrize(
    ("marked", "status"),
    [(None, "Succeeded"), ("Succeeded", "Succeeded"), ("Failed", "Skipped"), ("Skipped", "Skipped")],
)
def test_an_inactive_activity_passes_on_what_it_is_marked_as(tmp_path: Path, marked: str | None, status: str) -> None:
    extra = {"onInactiveMarkAs": marked} if marked else {}
    definition = pipeline(
        activity("A", waitTimeInSeconds=5, state="Inactive", **extra), activity("B", after=["A"], waitTimeInSeconds=1)
    )
    done = run(tmp_path, definition)
    assert done.statuses() == {"A": "Inactive", "B": status}
    assert done.seconds == (1 if status == "Succeeded" else 0)


def test_an_expression_cannot_name_a_skipped_or_inactive_activity(tmp_path: Path) -> None:
    variables = {"v": {"type": "String"}}
    definition = pipeline(
        activity("A", state="Inactive", waitTimeInSeconds=1),
        set_variable("B", "v", "@activity('A').status", after=["A"]),
        variables=variables,
    )
    assert "has not run" in run(tmp_path, definition).record("B").error_message


def test_set_and_append(tmp_path: Path) -> None:
    definition = pipeline(
        set_variable("S", "Text", "@concat(pipeline().parameters.day, '-', pipeline().globalParameters.env)"),
        activity("A1", "AppendVariable", ["S"], variableName="list", value="@variables('text')"),
        activity("A2", "AppendVariable", ["A1"], variableName="LIST", value=2),
        parameters={"day": {"type": "string", "defaultValue": "monday"}},
        variables={"text": {"type": "String"}, "list": {"type": "Array"}, "flag": {"type": "Boolean"}},
    )
    done = run(tmp_path, Pipelines(pipelines={"main": definition}, globals={"env": "dev"}))
    assert done.run.variables == {"text": "monday-dev", "list": ["monday-dev", 2], "flag": False}


@pytest.mark.parametrize(
    ("declared", "value", "found"),
    [
        ("String", "@string(5)", "5"),
        ("String", 5, "must be String, but is Integer 5"),
        ("Boolean", "@equals(1, 1)", True),
        ("Bool", "yes", "must be Bool, but is String"),
        ("Array", "@createArray(1)", [1]),
        ("Array", "@json('{}')", "must be Array, but is Object"),
        ("Integer", "@add(1, 1)", 2),
    ],
)
def test_variables_have_types(tmp_path: Path, declared: str, value: Any, found: Any) -> None:
    definition = pipeline(set_variable("S", "v", value), variables={"v": {"type": declared}})
    done = run(tmp_path, definition)
    if done.run.status == "Succeeded":
        assert done.run.variables["v"] == found
    else:
        assert found in done.record("S").error_message


def test_filter(tmp_path: Path) -> None:
    definition = pipeline(
        activity(
            "F",
            "Filter",
            items=expression("@pipeline().parameters.items"),
            condition=expression("@greater(item().n, 1)"),
        ),
        parameters={"items": {"type": "array"}},
    )
    done = run(tmp_path, definition, {"items": [{"n": 1}, {"n": 2}, {"n": 3}]})
    assert done.outputs()["F"] == {"ItemsCount": 3, "FilteredItemsCount": 2, "Value": [{"n": 2}, {"n": 3}]}


def for_each(name: str, items: str, *inner: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return activity(name, "ForEach", items=expression(items), activities=list(inner), **properties)


@pytest.mark.parametrize(
    ("properties", "seconds"),
    [({}, 10), ({"isSequential": True}, 100), ({"batchCount": 4}, 30), ({"batchCount": 50}, 10)],
)
def test_for_each_takes_its_turns(tmp_path: Path, properties: dict[str, Any], seconds: int) -> None:
    loop = for_each("L", "@range(0, 10)", activity("W", waitTimeInSeconds=10), **properties)
    done = run(tmp_path, pipeline(loop))
    assert done.seconds == seconds
    assert sum(record.name == "W" for record in done.records) == 10
    assert {record.iteration for record in done.records if record.name == "W"} == {f"L[{index}]" for index in range(10)}


def test_items_are_dealt_to_queues_that_do_not_help_each_other(tmp_path: Path) -> None:
    """Two queues, items of 100, 1, 100 and 1 seconds: the first queue gets both long ones, 200 seconds."""
    loop = for_each(
        "L", "@json('[100, 1, 100, 1]')", activity("W", waitTimeInSeconds=expression("@item()")), batchCount=2
    )
    assert run(tmp_path, pipeline(loop)).seconds == 200


def test_a_failing_item_does_not_stop_the_others(tmp_path: Path) -> None:
    body = activity("X", "Fail", message="bad @{item()}", errorCode="1")
    check = activity("If", "IfCondition", expression=expression("@equals(item(), 1)"), ifTrueActivities=[body])
    done = run(tmp_path, pipeline(for_each("L", "@range(0, 3)", check, isSequential=True)))
    assert done.run.status == "Failed"
    assert {key: status for key, status in done.statuses().items() if key.endswith("/If")} == {
        "L[0]/If": "Succeeded",
        "L[1]/If": "Failed",
        "L[2]/If": "Succeeded",
    }
    assert "1 of 3 items failed, first item 1" in done.run.message
    assert "bad 1" in done.run.message


def test_for_each_refuses_too_many_items(tmp_path: Path) -> None:
    items = "@union(range(0, 100000), createArray(-1))"
    done = run(tmp_path, pipeline(for_each("L", items, activity("W", waitTimeInSeconds=1))))
    assert done.record("L").error_message == "ForEach takes at most 100,000 items, but got 100,001"


@pytest.mark.parametrize(("value", "error"), [("@createArray(1)", None), ("@json('{}')", "'items' must be an Array")])
def test_for_each_takes_arrays(tmp_path: Path, value: str, error: str | None) -> None:
    done = run(tmp_path, pipeline(for_each("L", value, activity("W", waitTimeInSeconds=1))))
    assert (error or "") in done.record("L").error_message
    assert bool(error) == (done.run.status == "Failed")


def test_inner_activities_see_the_ones_outside(tmp_path: Path) -> None:
    append = activity("Add", "AppendVariable", variableName="seen", value="@concat(activity('First').output.x, item())")
    loop = for_each("L", "@createArray('a', 'b')", append, isSequential=True)
    loop["dependsOn"] = [{"activity": "First", "dependencyConditions": ["Succeeded"]}]
    definition = pipeline(activity("First"), loop, variables={"seen": {"type": "Array"}})
    done = run(tmp_path, definition, injections=inject(First=Injection(output={"x": "x-"})))
    assert done.run.variables["seen"] == ["x-a", "x-b"]


def counting_until(**properties: Any) -> dict[str, Any]:
    body = [
        activity("More", "AppendVariable", variableName="turns", value="@utcNow()"),
        activity("W", after=["More"], waitTimeInSeconds=60),
    ]
    return activity("U", "Until", activities=body, **properties)


def test_until_looks_after_each_turn(tmp_path: Path) -> None:
    loop = counting_until(expression=expression("@equals(length(variables('turns')), 3)"))
    done = run(tmp_path, pipeline(loop, variables={"turns": {"type": "Array"}}))
    assert (done.run.status, done.seconds, len(done.run.variables["turns"])) == ("Succeeded", 180, 3)


def test_until_ends_at_its_timeout(tmp_path: Path) -> None:
    loop = counting_until(expression=expression("@equals(1, 2)"), timeout="0.00:10:00")
    done = run(tmp_path, pipeline(loop, variables={"turns": {"type": "Array"}}))
    assert (done.run.status, done.seconds) == ("Failed", 600)
    assert done.record("U").error_code == "UntilTimeout"
    assert "Cancelled" in done.statuses().values()


def test_an_until_that_waits_for_nothing_is_ended(tmp_path: Path) -> None:
    body = [activity("F", "Filter", items=expression("@createArray(1)"), condition=expression("@equals(1, 1)"))]
    loop = activity("U", "Until", activities=body, expression=expression("@equals(1, 2)"))
    done = run(tmp_path, pipeline(loop), choices=Choices(until_turns=50))
    assert done.record("U").error_code == "EndlessUntil"


def test_the_activities_in_an_until_are_seen_by_its_expression_and_after_it(tmp_path: Path) -> None:
    """Templates poll so: the expression reads the answer of the activity inside."""
    loop = activity(
        "U",
        "Until",
        activities=[activity("Ask", "Probe"), activity("W", after=["Ask"], waitTimeInSeconds=30)],
        expression=expression("@equals(activity('Ask').output.state, 'done')"),
    )
    last = set_variable("S", "v", "@activity('Ask').output.state", after=["U"])
    answers = {
        f"U[{turn}]/Ask": Injection(output={"state": state}) for turn, state in enumerate(["run", "run", "done"])
    }
    done = run(tmp_path, pipeline(loop, last, variables={"v": {"type": "String"}}), injections=inject(**answers))
    assert (done.run.status, done.seconds, done.run.variables["v"]) == ("Succeeded", 90, "done")


def test_an_activity_skipped_in_the_last_turn_is_not_seen(tmp_path: Path) -> None:
    loop = activity(
        "U",
        "Until",
        activities=[activity("Try", "Probe"), activity("Ask", "Probe", ["Try"])],
        expression=expression("@equals(activity('Ask').output.state, 'done')"),
    )
    injected = {"U[0]/Ask": Injection(output={"state": "run"}), "U[1]/Try": FAILED}
    done = run(tmp_path, pipeline(loop), injections=inject(**injected))
    assert "activity 'Ask' has not run" in done.record("U").error_message


@pytest.mark.parametrize(("choice", "outcome"), [(UntilOutcome.LAST, "Succeeded"), (UntilOutcome.ALL, "Failed")])
def test_a_failure_in_a_turn_does_not_stop_until(tmp_path: Path, choice: UntilOutcome, outcome: str) -> None:
    body = [
        activity("Try"),
        activity("More", "AppendVariable", ["Try:Completed"], variableName="turns", value=1),
        activity("End", after=["Try"]),
    ]
    loop = activity("U", "Until", activities=body, expression=expression("@equals(length(variables('turns')), 2)"))
    injected = inject(**{"U[0]/Try": FAILED, "U[1]/Try": OK})
    definition = pipeline(loop, variables={"turns": {"type": "Array"}})
    done = run(tmp_path, definition, injections=injected, choices=Choices(until_outcome=choice))
    assert done.run.status == outcome
    assert len(done.run.variables["turns"]) == 2


@pytest.mark.parametrize(
    ("value", "ran", "error"),
    [("@equals(1, 1)", "T", ""), ("@equals(1, 2)", "F", ""), ("@string('true')", "", "'expression' must be a Boolean")],
)
def test_if(tmp_path: Path, value: str, ran: str, error: str) -> None:
    branches = {"ifTrueActivities": [activity("T")], "ifFalseActivities": [activity("F")]}
    done = run(tmp_path, pipeline(activity("If", "IfCondition", expression=expression(value), **branches)))
    if value == "@string('true')":
        # A text that says true is taken for one: real files write booleans so.
        assert "If.true/T" in done.statuses()
    else:
        assert [record.name for record in done.records if record.name != "If"] == [ran]
        assert error == done.record("If").error_message


def test_an_empty_branch_succeeds(tmp_path: Path) -> None:
    check = activity("If", "IfCondition", expression=expression("@equals(1, 2)"), ifTrueActivities=[activity("T")])
    assert run(tmp_path, pipeline(check)).run.status == "Succeeded"


@pytest.mark.parametrize(("value", "ran"), [("b", "B"), ("B", "D"), ("zz", "D")])
def test_switch_compares_by_case(tmp_path: Path, value: str, ran: str) -> None:
    cases = [{"value": "a", "activities": [activity("A")]}, {"value": "b", "activities": [activity("B")]}]
    switch = activity(
        "S", "Switch", on=expression(f"@string('{value}')"), cases=cases, defaultActivities=[activity("D")]
    )
    done = run(tmp_path, pipeline(switch))
    assert [record.name for record in done.records if record.name != "S"] == [ran]


def call(name: str, target: str, *, wait: bool = True, **parameters: Any) -> dict[str, Any]:
    reference = {"referenceName": target, "type": "PipelineReference"}
    return activity(name, "ExecutePipeline", pipeline=reference, waitOnCompletion=wait, parameters=parameters)


def returning(*values: tuple[str, str, Any]) -> dict[str, Any]:
    entries = [{"key": key, "value": {"type": kind, "content": content}} for key, kind, content in values]
    return activity("R", "SetVariable", variableName="pipelineReturnValue", value=entries, setSystemVariable=True)


def test_a_child_pipeline_gets_parameters_and_returns_values(tmp_path: Path) -> None:
    child = pipeline(
        returning(
            ("sum", "Expression", "@add(pipeline().parameters.a, 1)"),
            ("by", "Expression", "@pipeline()?.TriggeredByPipelineName"),
            ("list", "Array", [{"type": "Int", "content": 1}]),
            ("none", "Null", None),
        ),
        parameters={"a": {"type": "int"}},
    )
    main = pipeline(
        call("Call", "Child", a="@add(1, 1)"),
        set_variable("S", "v", "@activity('Call').output.pipelineReturnValue.sum", after=["Call"]),
        variables={"v": {"type": "Integer"}},
    )
    done = run(tmp_path, Pipelines(pipelines={"main": main, "Child": child}))
    assert done.run.variables["v"] == 3
    returned = done.outputs()["Call"]["pipelineReturnValue"]
    assert returned == {"sum": 3, "by": "main", "list": [1], "none": None}


def test_a_failing_child_fails_its_caller_unless_nobody_waits(tmp_path: Path) -> None:
    child = pipeline(activity("Boom", "Fail", message="deep", errorCode="7"))
    waiting = run(tmp_path, Pipelines(pipelines={"main": pipeline(call("Call", "child")), "child": child}))
    assert waiting.run.status == "Failed"
    assert "Operation on target Boom failed: deep" in waiting.run.message
    assert waiting.outputs()["Call"]["pipelineName"] == "child"
    loose = pipeline(call("Call", "child", wait=False))
    assert run(tmp_path, Pipelines(pipelines={"main": loose, "child": child})).run.status == "Succeeded"


def test_a_missing_child_is_named(tmp_path: Path) -> None:
    assert "there is no pipeline 'gone'" in run(tmp_path, pipeline(call("Call", "gone"))).record("Call").error_message


@pytest.mark.parametrize(
    ("declared", "given", "found"),
    [
        ({"type": "String"}, {"p": "x"}, "x"),
        ({"type": "int"}, {"P": "12"}, 12),
        ({"type": "Float"}, {"p": 1}, 1.0),
        ({"type": "bool"}, {"p": "TRUE"}, True),
        ({"type": "array"}, {"p": "[1]"}, [1]),
        ({"type": "object", "defaultValue": {"a": 1}}, {}, {"a": 1}),
        ({"type": "int"}, {"p": "x"}, "parameter 'p' must be int, but is String \"x\""),
        ({"type": "String"}, {"p": 1}, "parameter 'p' must be String, but is Integer 1"),
        ({"type": "Array"}, {"p": "{}"}, "parameter 'p' must be Array"),
        ({"type": "String"}, {}, "parameter 'p' has no value and no default"),
        ({"type": "String"}, {"p": "x", "q": 1}, "parameter 'q' is not declared (declared: p)"),
    ],
)
def test_parameters(tmp_path: Path, declared: dict[str, Any], given: dict[str, Any], found: Any) -> None:
    definition = pipeline(activity("W"), parameters={"p": declared})
    if isinstance(found, str) and found.startswith("parameter"):
        with pytest.raises(ArmError, match="cannot run") as refused:
            run(tmp_path, definition, given)
        assert found in refused.value.message
    else:
        value = run(tmp_path, definition, given).run.parameters["p"]
        assert (type(value), value) == (type(found), found)


@pytest.mark.parametrize(
    ("results", "attempts", "seconds", "outcome"),
    [
        ([OK], 1, 0, "Succeeded"),
        ([FAILED, OK], 2, 45, "Succeeded"),
        ([FAILED, FAILED, OK], 3, 90, "Succeeded"),
        ([FAILED], 3, 90, "Failed"),
    ],
)
def test_retries(tmp_path: Path, results: list[Injection], attempts: int, seconds: int, outcome: str) -> None:
    probe = activity("P", "Probe", policy={"retry": 2, "retryIntervalInSeconds": 45})
    done = run(tmp_path, pipeline(probe), injections=inject(P=results))
    assert [record.attempt for record in done.records] == list(range(attempts))
    assert (done.seconds, done.run.status) == (seconds, outcome)


def test_what_cannot_be_evaluated_is_not_retried(tmp_path: Path) -> None:
    probe = activity("P", "Probe", output="@pipeline().parameters.zz", policy={"retry": 5})
    done = run(tmp_path, pipeline(probe, parameters={"z": {"type": "string", "defaultValue": "x"}}))
    assert [record.attempt for record in done.records] == [0]
    message = done.record("P").error_message
    assert "$.typeProperties.output: there is no property 'zz'" in message
    assert "did you mean 'z'?" in message


def test_an_attempt_ends_at_the_timeout(tmp_path: Path) -> None:
    probe = activity("P", "Probe", policy={"timeout": "0.00:10:00", "retry": 1})
    done = run(tmp_path, pipeline(probe), injections=inject(P=[Injection(seconds=3600), Injection(seconds=599)]))
    assert (done.run.status, done.seconds) == ("Succeeded", 600 + 30 + 599)
    assert done.records[0].error_code == "Timeout"


def test_secure_input_and_output_are_hidden_but_used(tmp_path: Path) -> None:
    probe = activity(
        "P", "Probe", input="@pipeline().parameters.key", output="topsecret", policy={"secureOutput": True}
    )
    hidden = activity("Q", "Probe", ["P"], input="plain", output="x", policy={"secureInput": True})
    use = set_variable("S", "v", "@activity('P').output.output", after=["Q"])
    definition = pipeline(
        probe, hidden, use, variables={"v": {"type": "String"}}, parameters={"key": {"type": "SecureString"}}
    )
    done = run(tmp_path, definition, {"key": "hunter22"})
    assert done.record("P").input == "***"
    assert "topsecret" not in str(done.record("P").output)
    assert done.record("Q").input == {"secureInput": "hidden"}
    assert done.run.variables["v"] == "topsecret"
    assert b"hunter22" not in (tmp_path / "runs.db").read_bytes()


def test_run_dimensions_are_evaluated_when_the_run_starts(tmp_path: Path) -> None:
    definition = pipeline(
        activity("W"),
        runDimensions={"day": expression("@pipeline().parameters.day"), "plain": "x", "odd": "@variables('zz')"},
        parameters={"day": {"type": "string", "defaultValue": "monday"}},
    )
    dimensions = run(tmp_path, definition).run.run_dimensions
    assert (dimensions["day"], dimensions["plain"]) == ("monday", "x")
    assert "there is no variable 'zz'" in dimensions["odd"]


def test_user_properties_are_evaluated(tmp_path: Path) -> None:
    wait = activity("W", waitTimeInSeconds=1, user_properties=[{"name": "who", "value": "@pipeline().Pipeline"}])
    assert run(tmp_path, pipeline(wait)).record("W").user_properties == {"who": "main"}


def test_a_cycle_of_pipelines_ends_in_a_clear_error(tmp_path: Path) -> None:
    """Each run waits for the next one; the chain is cut, not the service."""
    done = run(tmp_path, Pipelines(pipelines={"main": pipeline(call("Again", "main"))}))
    assert done.run.status == "Failed"
    assert "started each other" in done.run.message

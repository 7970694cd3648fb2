"""Trees from rows as Azure lists them: flat, with an opaque hash for each iteration."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from adf_export.monitor.api import MissingError
from adf_export.monitor.screen import draw
from adf_export.monitor.tree import Node, only_failures, with_activities

Json = Any
RUN = {"runId": "r", "pipelineName": "p", "status": "Failed"}


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Answers that were recorded; runs that are not there are not kept any more."""

    rows: Sequence[Json]
    activities: Sequence[Json] | None
    runs: dict[str, Json] = field(default_factory=dict)

    def run(self, run_id: str) -> Json:
        if run_id not in self.runs:
            raise MissingError("it is not kept")
        return self.runs[run_id]

    def activity_runs(self, run_id: str) -> list[Json]:
        return [one for one in self.rows if one["pipelineRunId"] == run_id]

    def pipeline(self, name: str) -> Json | None:
        return None if self.activities is None else {"activities": self.activities}


def row(name: str, iteration: str = "", status: str = "Succeeded", **more: Json) -> Json:
    base = {"activityName": name, "activityType": "Wait", "activityRunId": f"{name}{iteration}", "pipelineRunId": "r"}
    return {**base, "status": status, "iterationHash": iteration, "retryAttempt": None, **more}


def activity(name: str, kind: str = "Wait", **properties: Json) -> Json:
    return {"name": name, "type": kind, "typeProperties": properties}


LOOP = [
    activity(
        "each",
        "ForEach",
        activities=[activity("load"), activity("check", "IfCondition", ifTrueActivities=[activity("on")])],
    )
]


def tree(rows: Sequence[Json], activities: Sequence[Json] | None = LOOP, **runs: Json) -> Node:
    return with_activities(Recorded(rows=rows, activities=activities, runs=runs), RUN)


def shape(node: Node) -> Json:
    return {node.label: [shape(child) for child in node.children]} if node.children else node.label


def test_iterations_are_told_apart_by_any_hash() -> None:
    rows = [
        row("each", activityType="ForEach", status="Failed"),
        row("load", "a1", activityRunStart="2026-01-01T00:00:01Z"),
        row("load", "f9", activityRunStart="2026-01-01T00:00:02Z", status="Failed"),
        row("check", "a1", activityType="IfCondition", activityRunStart="2026-01-01T00:00:03Z"),
        row("on", "a1", activityRunStart="2026-01-01T00:00:04Z"),
    ]
    one = {"iteration 1": ["load", {"check": ["on"]}]}
    assert shape(tree(rows)) == {"p": [{"each": [{"iteration 2": ["load"]}, one]}]}


def test_attempts_of_one_iteration_are_no_iterations() -> None:
    rows = [
        row("each", activityType="ForEach"),
        row("load", status="Failed"),
        row("load", retryAttempt=1, status="Failed"),
        row("load", retryAttempt=2),
    ]
    (each,) = tree(rows).children
    (load,) = each.children
    assert (load.attempts, load.status) == (3, "Succeeded")


def test_items_without_hash_are_not_taken_for_attempts() -> None:
    rows = [row("each", activityType="ForEach", status="Failed"), row("load", status="Failed"), row("load")]
    (each,) = tree(rows).children
    (mixed,) = each.children
    assert "cannot be told apart" in mixed.note
    assert [(one.status, one.attempts) for one in mixed.children] == [("Failed", 1), ("Succeeded", 1)]


def test_what_is_in_a_loop_inside_of_a_loop_is_given_to_no_iteration() -> None:
    inner = activity("until", "Until", activities=[activity("ask")])
    rows = [
        row("each", activityType="ForEach"),
        *[row("until", key, activityType="Until") for key in "ab"],
        *[row("ask", key) for key in "cd"],
    ]
    found = tree(rows, [activity("each", "ForEach", activities=[inner])])
    one, two = {"iteration 1": ["until"]}, {"iteration 2": ["until"]}
    assert shape(found) == {"p": [{"each": [one, two, {"iterations": ["ask", "ask"]}]}]}


@pytest.mark.parametrize(("activities", "said"), [([], "changed since"), (None, "deleted since")])
def test_what_the_pipeline_does_not_have_any_more_is_shown(activities: Sequence[Json] | None, said: str) -> None:
    found = tree([row("load"), row("load"), row("each", activityType="ForEach")], activities)
    assert said in found.note
    assert shape(found) == {"p": ["load", "load", "each"]}


def test_an_activity_that_was_moved_into_a_loop_is_shown() -> None:
    found = tree([row("load")])
    assert shape(found) == {"p": ["load"]}


def test_a_started_run_that_is_not_kept_is_said() -> None:
    call = row("call", activityType="ExecutePipeline", output={"pipelineRunId": "gone"})
    (found,) = tree([call], [activity("call", "ExecutePipeline")]).children
    assert "gone" in found.note


def test_failures_that_nothing_waited_for_stay_in_a_short_view() -> None:
    call = row("call", activityType="ExecutePipeline", output={"pipelineRunId": "c"})
    child = {"runId": "c", "pipelineName": "child", "status": "Failed"}
    found = tree([call, row("other")], [activity("call", "ExecutePipeline"), activity("other")], c=child)
    only_failures(found)
    assert shape(found) == {"p": [{"call": ["child"]}]}


def test_names_of_the_run_come_before_those_of_the_pipeline() -> None:
    defined = activity("load") | {
        "description": "Loads. (dags/p.py:12)",
        "userProperties": [{"name": "airflow_task_id", "value": "new"}, {"name": "airflow_dag_id", "value": "d"}],
    }
    (ran,) = tree([row("load", userProperties={"airflow_task_id": "old", "airflow_dag_id": "d"})], [defined]).children
    assert (ran.task_id, ran.dag_id, ran.source) == ("old", "d", "dags/p.py:12")


def test_errors_cannot_command_the_terminal() -> None:
    from rich.console import Console

    error = {"errorCode": "1", "message": "\x1b]0;owned\x07 \x1b[2J [bold]as it is[/bold]", "failureType": "UserError"}
    console = Console(width=200, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(draw([tree([row("load", status="Failed", error=error)], [activity("load")])]))
    assert "\x1b" not in captured.get()
    assert "1 UserError" in captured.get()
    assert "[bold]as it is[/bold]" in captured.get()

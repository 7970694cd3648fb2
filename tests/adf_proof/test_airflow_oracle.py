"""The model of Airflow against facts: real runs that were observed, and Airflow's own operators."""

import pytest

from adf_export.ir.dag import TriggerRule
from adf_proof.airflow_oracle import dag_of, forced, reachable, reaches
from adf_proof.shape import FAILED, SKIPPED, STOPS, SUCCESS, Kind, Node, Outcome, Shape
from tests.adf_proof.drawing import drawn

# DAG, outcomes -> the results that Airflow can reach: s success, f failed, k skipped itself, - did not run; + or ! is
# the run's outcome.
REACHABLE = {
    # A skip is seen before b, which waits for it, can fail: t is skipped and the run succeeds.
    ("a(skips); b(all_done) <- a; t <- a, b", "a=skipped b=failed"): {"kf-+"},
    ("r; a(all_failed) <- r; b(all_done) <- a; t <- a, b", "b=failed"): {"s-f-+"},
    # Not related: the first of them that ends decides.
    ("a(skips); b; t <- a, b", "a=skipped b=failed"): {"kf-+", "kf-!"},
    ("a; b <- a; c(all_done) <- b", "a=failed"): {"f-s+"},
    ("a; b; c(one_success) <- a, b", "a=failed b=success"): {"fss+"},
    ("a; b(none_failed_min_one_success) <- a", "a=failed"): {"f-!"},
    ("a(stops all); b(all_done) <- a; c(all_done) <- b", "a=stops"): {"s--+"},
    ("a(stops children); b <- a; c(all_done) <- b", "a=stops"): {"s-s+"},
    # It may have started before it is told to be skipped.
    ("a(stops all); b(always) <- a", "a=stops"): {"s-+", "ss+"},
    ("a(branch); b <- a; c <- a; d(none_failed_min_one_success) <- b, c", "a=follows:b"): {"ss-s+"},
    # d comes after b, which is followed.
    ("a(branch); b <- a; d(none_failed) <- a, b", "a=follows:b"): {"sss+"},
    # Teardowns do not count, unless they say so or there is nothing else.
    ("a(is_setup); b <- a; t(is_teardown) <- a, b", "t=failed"): {"ssf+"},
    ("a(is_setup); b <- a; t(is_teardown, on_failure_fail_dagrun) <- a, b", "t=failed"): {"ssf!"},
    ("a(is_teardown)", "a=failed"): {"f!"},
    # A setup that failed takes those in its scope along, whatever their rule.
    ("a(is_setup); b <- a; c(all_done) <- b", "a=failed"): {"f--!"},
}


@pytest.mark.parametrize("case", REACHABLE, ids=" | ".join)
def test_reaches_what_was_observed(case: tuple[str, str]) -> None:
    shape, given = drawn(case[0]), outcomes(*case)
    results = reachable(shape, given)
    letters = {"".join(map(letter, result.did)) + "!+"[result.succeeded] for result in results}
    assert letters == REACHABLE[case]
    assert all(reaches(shape, given, result) for result in results)
    assert results == {one for one in reachable(shape) if one.agrees_with(given, shape)}


def outcomes(text: str, given: str) -> dict[str, Outcome]:
    shape = drawn(text)
    told = dict(entry.split("=") for entry in given.split())
    return {node.name: outcome(told.get(node.name, "success"), shape.children[node.name]) for node in shape.nodes}


def outcome(text: str, children: tuple[str, ...]) -> Outcome:
    kinds = {"success": SUCCESS, "failed": FAILED, "skipped": SKIPPED, "stops": STOPS}
    return kinds.get(text) or Outcome("success", follows=frozenset(text.removeprefix("follows:").split(",")))


def letter(did: Outcome | None) -> str:
    return "-" if did is None else {"success": "s", "failed": "f", "skipped": "k"}[did.state]


@pytest.mark.parametrize("followed", ["b", "c", "d", "b c", ""])
def test_skips_what_the_mixin_skips(followed: str) -> None:
    """SkipMixin itself, on operators of Airflow."""
    from types import SimpleNamespace

    from airflow.providers.standard.operators.branch import BaseBranchOperator
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    with DAG("d", schedule=None):
        a, (b, c, d) = BaseBranchOperator(task_id="a"), (EmptyOperator(task_id=name) for name in "bcd")
        a >> [b, c, d]
        b >> d
    instance = SimpleNamespace(task=a, map_index=-1, xcom_push=lambda **_: None)
    skipped: list[str] = []
    try:
        a.skip_all_except(instance, followed.split())
    except DownstreamTasksSkipped as told:
        skipped = [task if isinstance(task, str) else task[0] for task in told.tasks]
    shape = drawn("a(branch); b <- a; c <- a; d <- a, b")
    chosen = Outcome("success", follows=frozenset(followed.split()))
    assert set(forced(dag_of(shape), shape, "a", chosen)) == set(skipped)


def test_draws_what_it_prints() -> None:
    nodes = (Node(name="a", kind=Kind.SKIPS), Node(name="b", upstream=("a",), rule=TriggerRule.ALL_DONE))
    assert drawn(str(Shape(nodes))) == Shape(nodes)

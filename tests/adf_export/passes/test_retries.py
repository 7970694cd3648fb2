"""Retries: policies where a type has them, else a loop, judged by how often the local Data Factory tries."""

from pathlib import Path

import pytest

from adf_export.ir.dag import Task
from adf_export.ir.factory import Activity, PipelineVariable, Role, obj
from adf_export.ir.symbols import xcom
from adf_export.ir.unit import Attempts
from adf_export.passes.link import link
from adf_export.passes.retries import retries
from adf_lang.nodes import call, literal, select
from local_azure.data_factory.injection import Injection
from tests.adf_export.passes.building import chain, codes, context, dag, draft, keep, place, run, task, unit, web
from tests.data_factory.harness import FAILED, OK

DELAY = 100
# seconds of Airflow -> timeout, interval of the policy, what is told
LIMITS = [
    (Attempts(retries=3, delay_seconds=120, timeout_seconds=1800), (1800, 120), []),
    (Attempts(retries=1, delay_seconds=5), (7 * 86400, 30), ["ADF401"]),
    (Attempts(retries=1, delay_seconds=100_000), (7 * 86400, 86400), ["ADF401"]),
    (Attempts(retries=0, delay_seconds=5, timeout_seconds=60), (600, 30), ["ADF403"]),
    (Attempts(retries=0, timeout_seconds=8 * 86400), (7 * 86400, 30), ["ADF403"]),
    (Attempts(retries=2, delay_seconds=60, exponential_backoff=2), (7 * 86400, 60), ["ADF404"]),
    (Attempts(timeout_seconds=1800.5), (1801, 30), ["ADF403"]),
]


@pytest.mark.parametrize(("attempts", "policy", "told"), LIMITS)
def test_policy(attempts: Attempts, policy: tuple[int, int], told: list[str]) -> None:
    of, using = task("a"), context()
    (done,) = retries(draft(dag(of), unit(web("a"), of, attempts=attempts)), using).units
    written = done.steps[0].policy
    assert written is not None
    assert written.retry == attempts.retries
    assert (written.timeout_seconds, written.retry_interval_seconds) == policy
    assert codes(using) == told


# WebHook has no retry of its own: three attempts, and how they end.
ATTEMPTS = [
    ([OK], "Succeeded", 1),
    ([FAILED, OK], "Succeeded", 2),
    ([FAILED, FAILED, OK], "Succeeded", 3),
    ([FAILED, FAILED, FAILED, OK], "Failed", 3),
]


def hook(of: Task) -> Activity:
    properties = obj(url="https://nobody.invalid/", method="POST", body="{}")
    return Activity(name=of.task_id, type="WebHook", role=Role.TASK, origin=place(of.task_id), properties=properties)


@pytest.mark.parametrize(("ends", "status", "tries"), ATTEMPTS)
def test_loop(tmp_path: Path, ends: list[Injection], status: str, tries: int) -> None:
    first = task("a")
    looped = unit(hook(first), first, attempts=Attempts(retries=2, delay_seconds=DELAY))
    found = draft(dag(first), looped)
    by_round = {f"a_attempts[{number}]/a": end for number, end in enumerate(ends)}
    done = run(tmp_path, found, context(), retries, chain, link, injections=by_round)
    assert done.run.status == status
    assert sum(record.name == "a" for record in done.records) == tries
    assert (tries - 1) * DELAY <= done.seconds < (tries - 1) * DELAY + 5


def test_the_loop_keeps_the_xcom_of_the_attempt_that_succeeded(tmp_path: Path) -> None:
    first, then = task("a"), task("b", "a")
    result = select(call("activity", literal("a")), "output", "v")
    attempts = Attempts(retries=1, delay_seconds=1)
    units = (
        unit(hook(first), first, attempts=attempts, results=(("return_value", result),)),
        unit(keep("b", call("createArray", xcom("a"))), then),
    )
    kept = (PipelineVariable(name="kept", type="Array", default=()),)
    by_round = {"a_attempts[0]/a": FAILED, "a_attempts[1]/a": Injection(output={"v": 7})}
    found = draft(dag(first, then), *units, variables=kept)
    done = run(tmp_path, found, context(), retries, chain, link, injections=by_round)
    assert done.record("b").output["value"] == [7]

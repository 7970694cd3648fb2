"""Symbols: what they become, judged by what the local Data Factory evaluates."""

from dataclasses import replace
from pathlib import Path

import pytest

from adf_export.diagnostics import Refusal
from adf_export.ir.dag import Param, TriggerRule
from adf_export.ir.factory import Condition, Dependency, PipelineVariable
from adf_export.ir.symbols import RunField, connection, param, variable, xcom
from adf_export.ir.symbols import run as run_symbol
from adf_export.passes.link import link
from adf_lang.nodes import Node, call, literal, select
from tests.adf_export.passes.building import chain, context, dag, draft, keep, run, task, unit, web
from tests.data_factory.harness import FAILED, Injection

KEPT = (PipelineVariable(name="kept", type="Array", default=()),)
PARAMS = (
    Param(name="n", default="3"),
    Param(name="none", default="null"),
    Param(name="maybe", default="null", schema='{"type": ["null", "integer"]}'),
)
NOON = "2026-01-31T12:00:00.0000000Z"
# symbol, parameters that the run is given, its value
VALUES: list[tuple[Node, dict[str, object], object]] = [
    (param("n"), {}, 3),
    (param("none"), {}, None),
    (param("none"), {"none": "x"}, "x"),
    (param("maybe"), {}, None),
    (param("maybe"), {"maybe": "5"}, 5),
    (variable("catalog"), {}, "crypto"),
    (variable("absent", literal("d")), {}, "d"),
    (connection("api", "host"), {}, "https://api"),
    (run_symbol(RunField.RUN_TYPE), {}, "manual"),
    (run_symbol(RunField.LOGICAL_DATE), {"logical_date": "2026-01-31T14:00:00+02:00"}, NOON),
    (run_symbol(RunField.DATA_INTERVAL_END), {"logical_date": NOON}, NOON),
    (select(run_symbol(RunField.CONF), "k"), {"conf": {"k": 1}}, 1),
]


@pytest.mark.parametrize(("node", "given", "value"), VALUES, ids=lambda one: str(one))
def test_values(tmp_path: Path, node: Node, given: dict[str, object], value: object) -> None:
    from adf_export.environment import Connection

    using = context(variables={"catalog": "crypto"}, connections={"api": Connection(conn_id="api", host="https://api")})
    of = task("a")
    found = draft(dag(of, params=PARAMS), unit(keep("a", call("createArray", node)), of), variables=KEPT)
    done = run(tmp_path, found, using, chain, link, parameters=given)
    assert done.record("a").output["value"] == [value]


def test_xcom_of_a_task_that_has_succeeded(tmp_path: Path) -> None:
    first, then = task("a"), task("b", "a")
    result = select(call("activity", literal("a")), "output", "v")
    units = (
        unit(web("a"), first, results=(("return_value", result),)),
        unit(keep("b", call("createArray", xcom("a"))), then),
    )
    found = draft(dag(first, then), *units, variables=KEPT)
    done = run(tmp_path, found, context(), chain, link, injections={"a": Injection(output={"v": 7})})
    assert done.record("b").output["value"] == [7]


def test_xcom_of_nobody() -> None:
    of = task("a")
    with pytest.raises(Refusal, match="no exported task"):
        link(chain(draft(dag(of), unit(keep("a", xcom("a", "k")), of)), context()), context())


def test_xcom_of_a_task_beside() -> None:
    one, other = task("a"), task("b")
    units = (unit(web("a"), one, results=(("return_value", literal(1)),)), unit(keep("b", xcom("a")), other))
    with pytest.raises(Refusal, match="may not have run"):
        link(chain(draft(dag(one, other), *units), context()), context())


@pytest.mark.parametrize(("end", "value"), [(Injection(output={"v": 7}), 7), (FAILED, None)])
def test_xcom_of_a_task_that_may_have_failed(tmp_path: Path, end: Injection, value: object) -> None:
    """What Airflow gives: None where the task pushed nothing."""
    first, then = task("a"), task("b", "a", trigger_rule=TriggerRule.ALL_DONE)
    result = select(call("activity", literal("a")), "output", "v")
    units = (
        unit(web("a"), first, results=(("return_value", result),)),
        unit(keep("b", call("createArray", xcom("a"))), then),
    )
    found = chain(draft(dag(first, then), *units, variables=KEPT), context())
    edge = Dependency(activity="a", conditions=(Condition.COMPLETED, Condition.SKIPPED))
    wired = replace(found, activities=(found.activities[0], replace(found.activities[1], depends_on=(edge,))))
    done = run(tmp_path, wired, context(), link, injections={"a": end})
    assert done.record("b").output["value"] == [value]
    assert done.run.status == "Succeeded"

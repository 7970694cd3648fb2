"""DAGs that start others: what the other one reads of its run is what its starter gave."""

from pathlib import Path
from typing import Any

import pytest

from adf_export.compiler import assemble, compile_dag
from adf_export.environment import Environment
from adf_export.ir.dag import Dag, Param, Task
from adf_export.ir.factory import Factory
from adf_export.ir.values import Moment, Template
from local_azure.data_factory.engine import Engine
from local_azure.data_factory.store import SqlStore
from tests.adf_export.operators.given import made, task
from tests.adf_export.operators.test_arguments import arguments_of
from tests.adf_export.operators.test_core import PYTHON, empty, function, same
from tests.adf_export.passes.building import dag
from tests.adf_export.running import Emitted, refusals
from tests.data_factory.harness import FACTORY, Done, stepped

TRIGGER = "airflow.providers.standard.operators.trigger_dagrun.TriggerDagRunOperator"
HERE = Environment()
PARAMS = (
    Param(name="n", default="0", schema='{"type": "integer"}'),
    Param(name="day", default='"none"', schema='{"type": "string"}'),
    Param(name="some", default="null", schema='{"type": ["null", "integer"]}'),
    Param(name="word", default='"w"', schema='{"type": ["null", "string"]}'),
    Param(name="list", default="[]", schema='{"type": "array"}'),
)


def trigger(**fields: Any) -> Task:
    return task(TRIGGER, "t", **{"trigger_dag_id": "other", "wait_for_completion": True, **fields})


def both(starter: Task, *tasks: Task) -> Factory:
    dags = {one.dag_id: one for one in (dag(starter), dag(*tasks, dag_id="other", params=PARAMS))}
    compiled = [compile_dag(one, HERE, dags) for one in dags.values()]
    factory = assemble(compiled, HERE)
    assert len(factory.pipelines) == 2, [one.diagnostics for one in compiled]
    return factory


def run(folder: Path, factory: Factory) -> tuple[Done, dict[str, Any]]:
    """The starter's run, and the outputs of the other one's activities."""
    assert not (found := refusals(factory)), found

    async def main(engine: Engine, store: SqlStore) -> tuple[Done, dict[str, Any]]:
        created = engine.create_run(FACTORY, "d", {})
        done = Done(run=await engine.finished(created.run_id), records=store.activities(created.run_id), seconds=0)
        other = await engine.finished(done.record("t").output["pipelineRunId"])
        return done, {record.name: record.output for record in store.activities(other.run_id)}

    answer: tuple[Done, dict[str, Any]] = stepped(folder, Emitted.of(factory), main)
    return answer


def reader(name: str, text: str) -> Task:
    return task(PYTHON, name, python_callable=function(same), op_args=[Template(text=text)])


def shown(params: Any) -> dict[str, Any]:
    return {
        "n": params["n"],
        "day": params["day"],
        "some": params["some"],
        "word": params["word"],
        "list": params["list"],
    }


DEFAULTS: dict[str, Any] = {"n": 0, "day": "none", "some": None, "word": "w", "list": []}
CONFS: list[dict[str, Any]] = [
    {},
    {"n": 3, "day": "x"},
    {"some": 7, "word": None},
    {"some": None, "list": [1, "a"]},
    {"list": [{"a": None}], "word": "it's"},
]


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("conf", CONFS, ids=str)
def test_conf_gives_params(tmp_path: Path, conf: dict[str, Any], waits: bool) -> None:
    reads = task(PYTHON, "reads", python_callable=function(shown))
    done, outputs = run(tmp_path, both(trigger(conf=conf, wait_for_completion=waits), reads))
    assert outputs["reads"]["value"] == [DEFAULTS | conf]
    assert done.statuses()["t"] == "Succeeded"


@pytest.mark.parametrize("conf", [{"n": 3, "more": "m"}, '{"n": 3, "more": "m"}'], ids=str)
def test_conf_is_the_conf_of_the_run(tmp_path: Path, conf: Any) -> None:
    reads = [reader("more", "{{ dag_run.conf['more'] }}"), reader("n", "{{ params.n }}")]
    _, outputs = run(tmp_path, both(trigger(conf=conf), *reads))
    assert (outputs["more"]["value"], outputs["n"]["value"]) == (["m"], ["3"])


@pytest.mark.parametrize(
    ("date", "seen"),
    [
        ("2026-01-02", "2026-01-02 00"),
        ("2026-01-02T01:00:00+02:00", "2026-01-01 23"),
        (Moment(iso="2026-01-02T01:00:00+02:00"), "2026-01-01 23"),
        ("{{ '2026-01-02T05:00:00+00:00' }}", "2026-01-02 05"),
    ],
)
def test_the_logical_date_is_that_of_the_run(tmp_path: Path, date: Any, seen: str) -> None:
    starter = trigger(logical_date=date, reset_dag_run=True)
    _, outputs = run(tmp_path, both(starter, reader("day", "{{ logical_date.strftime('%Y-%m-%d %H') }}")))
    assert outputs["day"]["value"] == [seen]


def test_what_the_other_dag_does_not_read_is_left_out(tmp_path: Path) -> None:
    starter = trigger(conf={"unread": 1}, logical_date="2026-01-02", reset_dag_run=True)
    factory = both(starter, empty("x"))
    assert "parameters" not in dict(factory.pipelines[0].activities[0].properties.members)
    assert run(tmp_path, factory)[0].statuses()["t"] == "Succeeded"


OTHER = dag(empty("x"), dag_id="other", params=PARAMS)
KNOWN = {"other": OTHER}
WARNED = ["ADF107"]


@pytest.mark.parametrize(
    ("fields", "others", "codes"),
    [
        ({}, {}, ["ADF104"]),
        ({"conf": {"n": None}}, KNOWN, ["ADF104"]),
        ({"conf": "{"}, KNOWN, ["ADF104"]),
        ({"conf": "{{ ds }}"}, KNOWN, ["ADF102"]),
        ({"allowed_states": ["success"], "failed_states": ["failed"]}, KNOWN, []),
        ({"allowed_states": ["success", "failed"]}, KNOWN, ["ADF102"]),
        ({"allowed_states": ["failed"], "wait_for_completion": False}, KNOWN, []),
        ({"failed_states": []}, KNOWN, ["ADF102"]),
        ({"wait_for_completion": "{{ ds }}"}, KNOWN, ["ADF103"]),
        ({"reset_dag_run": True, "skip_when_already_exists": True}, KNOWN, []),
        ({"logical_date": "2026-01-01"}, KNOWN, WARNED),
        ({"logical_date": "2026-01-01", "reset_dag_run": True}, KNOWN, []),
        ({"logical_date": "2026-01-01", "skip_when_already_exists": True}, KNOWN, ["ADF102"]),
        ({"logical_date": "soon", "reset_dag_run": True}, KNOWN, ["ADF104"]),
        ({"logical_date": None}, KNOWN, ["ADF102"]),
        ({"trigger_run_id": "mine"}, KNOWN, ["ADF102"]),
        ({"run_after": None}, KNOWN, ["ADF102"]),
        ({"note": "why", "deferrable": True, "poke_interval": 5}, KNOWN, ["ADF105"] * 3),
    ],
)
def test_tells(fields: dict[str, Any], others: dict[str, Dag], codes: list[str]) -> None:
    assert made(trigger(**fields), environment=HERE, dags=others).codes == codes


@pytest.mark.parametrize("argument", sorted(arguments_of(TRIGGER)))
def test_every_argument_is_accounted_for(argument: str) -> None:
    given = trigger(**({} if argument == "trigger_dag_id" else {argument: "x"}))
    found = made(given, environment=HERE, dags=KNOWN).compiled.diagnostics
    assert not any("register a translator" in one.hint for one in found)

"""What is left out of a factory: DAGs with an error, those that start them, and all that would share a name."""

import msgspec
import pytest

from adf_export.codes import DUPLICATE_DAG
from adf_export.diagnostics import diagnostic, has_errors
from adf_export.environment import Connection, Environment
from adf_export.ir.dag import Dag, Reading, Task
from adf_export.ir.origin import Origin
from adf_export.session import Session, compile_readings
from tests.adf_export.operators.given import task
from tests.adf_export.passes.building import dag

HTTP = "airflow.providers.http.operators.http.HttpOperator"
DELETE = "airflow.providers.microsoft.azure.operators.wasb_delete_blob.WasbDeleteBlobOperator"
START = "airflow.providers.standard.operators.trigger_dagrun.TriggerDagRunOperator"
ENVIRONMENT = Environment(
    name="adf-test",
    connections={
        "api": Connection(conn_id="api", type="http", host="https://api.example.com"),
        **{
            conn_id: Connection(conn_id=conn_id, type="wasb", host=f"https://{account}.blob.core.windows.net")
            for conn_id, account in (("my-lake", "one"), ("my_lake", "two"), ("My_Lake", "three"))
        },
    },
)


def asks(name: str = "ask") -> Task:
    return task(HTTP, name, http_conn_id="api", method="GET", endpoint="x")


def deletes(conn_id: str, name: str = "delete") -> Task:
    return task(DELETE, name, wasb_conn_id=conn_id, container_name="c", blob_name="b")


def starts(dag_id: str) -> Task:
    return task(START, "start", trigger_dag_id=dag_id, wait_for_completion=True)


def named(dag_id: str, *tasks: Task) -> Dag:
    """A DAG in a file of its own."""
    origin = Origin(file=f"{dag_id}.py", line=1, dag_id=dag_id)
    placed = tuple(
        msgspec.structs.replace(one, origin=msgspec.structs.replace(origin, line=line, task_id=one.task_id))
        for line, one in enumerate(tasks, 2)
    )
    return dag(*placed, dag_id=dag_id, origin=origin)


def session(*dags: Dag) -> Session:
    return compile_readings([Reading(file=one.origin.file, dags=(one,)) for one in dags], ENVIRONMENT)


@pytest.mark.parametrize(
    ("dags", "exported", "codes"),
    [
        ((named("a", asks()), named("b", asks())), "a b", ""),
        # What starts a DAG that is refused is refused as well, and so on.
        ((named("a", task("x.Y")), named("b", starts("a")), named("c", starts("b"))), "", "ADF101 ADF602"),
        ((named("a", asks()), named("b", starts("a")), named("c", starts("b"))), "a b c", ""),
        # Pipelines of one name: all are refused, since another DAG may start one of them.
        ((named("a.b", asks()), named("a_b", asks()), named("c", asks())), "c", "ADF602"),
        ((named("x", asks()), named("X", asks())), "", "ADF602"),
        # Linked services of one name that lead to different places, of two DAGs and of one.
        ((named("a", deletes("my-lake")), named("b", deletes("my_lake")), named("c", asks())), "c", "ADF602"),
        ((named("a", deletes("my_lake")), named("b", deletes("My_Lake"))), "", "ADF602"),
        ((named("a", deletes("my-lake", "one"), deletes("my_lake", "two")), named("c", asks())), "c", "ADF602"),
        ((named("a", deletes("my-lake")), named("b", deletes("my-lake"))), "a b", ""),
    ],
)
def test_what_is_left_out(dags: tuple[Dag, ...], exported: str, codes: str) -> None:
    found = session(*dags)
    assert found.exported == set(exported.split())
    errors = {one.code for one in found.diagnostics if has_errors([one])}
    assert errors == set(codes.split())
    assert {pipeline.dag_id for pipeline in found.factory.pipelines} == found.exported
    assert not found.blocked


def test_a_dag_that_is_defined_twice_is_left_out_in_both_forms() -> None:
    one = named("a", asks())
    twice = diagnostic(DUPLICATE_DAG, "DAG 'a' is also defined in a.py:1", origin=one.origin)
    found = compile_readings(
        [Reading(file="a.py", dags=(one,)), Reading(file="b.py", dags=(one,), diagnostics=(twice,))], ENVIRONMENT
    )
    assert found.exported == frozenset()


def test_the_same_readings_give_the_same_session() -> None:
    dags = (named("a", asks()), named("b", starts("a")))
    assert session(*dags).factory == session(*reversed(dags)).factory


def test_a_fault_of_no_dag_blocks_the_whole() -> None:
    """The name of a factory has three characters at least."""
    found = compile_readings([Reading(file="a.py", dags=(named("a", asks()),))], Environment(name="f"))
    assert found.blocked
    assert any(one.code == "ADF601" for one in found.diagnostics)

"""No argument of Airflow's DAG and BaseOperator is without a place."""

import inspect

from adf_export.frontend.arguments import DAG_ARGUMENTS, OPERATOR_ARGUMENTS, Goes
from adf_export.ir.dag import Dag, Task

# An argument of Airflow -> the member that it becomes, where the names differ.
RENAMED = {
    "dag": {
        "dagrun_timeout": "dagrun_timeout_seconds",
        "doc_md": "doc",
        "on_failure_callback": "callbacks",
        "on_success_callback": "callbacks",
        "user_defined_filters": "filters",
        "user_defined_macros": "macros",
    },
    "operator": {
        "doc_md": "doc",
        "execution_timeout": "execution_timeout_seconds",
        "max_retry_delay": "max_retry_delay_seconds",
        "retry_delay": "retry_delay_seconds",
        **{f"on_{event}_callback": "callbacks" for event in ("execute", "failure", "retry", "skipped", "success")},
    },
}


def arguments(owner: type) -> set[str]:
    kinds = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return {name for name, one in inspect.signature(owner).parameters.items() if one.kind in kinds} - {"self"}


def test_every_argument_of_an_operator_is_in_the_table() -> None:
    from airflow.sdk import BaseOperator

    assert arguments(BaseOperator) == set(OPERATOR_ARGUMENTS)


def test_every_argument_of_a_dag_is_in_the_table() -> None:
    from airflow.sdk import DAG

    assert arguments(DAG) == set(DAG_ARGUMENTS)


def test_what_is_said_to_be_a_member_is_one() -> None:
    for name, goes in OPERATOR_ARGUMENTS.items():
        assert goes is not Goes.MEMBER or RENAMED["operator"].get(name, name) in Task.__struct_fields__
    for name, goes in DAG_ARGUMENTS.items():
        assert goes is not Goes.MEMBER or RENAMED["dag"].get(name, name) in Dag.__struct_fields__


def test_the_table_is_sorted() -> None:
    assert [*OPERATOR_ARGUMENTS] == sorted(OPERATOR_ARGUMENTS)
    assert [*DAG_ARGUMENTS] == sorted(DAG_ARGUMENTS)

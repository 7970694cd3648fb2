"""Operators of Airflow's core: tasks that do nothing, and Python functions that only compute."""

from collections.abc import Mapping
from typing import Final

from adf_export.codes import DECISION_NOT_EXPRESSIBLE
from adf_export.decisions import possible_results
from adf_export.ir.factory import obj
from adf_export.ir.unit import Unit
from adf_export.operators.functions import IGNORED, evaluated, members_of_result, result_of
from adf_export.operators.registry import Operator
from adf_export.operators.workbench import Workbench
from adf_lang.nodes import Call, Literal, Node, select

_PACKAGE: Final = "airflow.providers.standard"


def nothing(bench: Workbench) -> Unit:
    """The shortest Wait: Data Factory has no activity that does nothing."""
    return bench.unit(bench.activity(bench.name(), "Wait", obj(waitTimeInSeconds=1)))


def function(bench: Workbench) -> Unit:
    """A function that computes its result from params, XComs and the like becomes an expression."""
    result = result_of(bench)
    _check_outputs(bench, result)
    step, value = evaluated(bench, result)
    returned = {} if result == Literal(value=None) else {"return_value": value, **_outputs(bench, value)}
    return bench.unit(step, results=returned if bench.task.do_xcom_push else {})


def _check_outputs(bench: Workbench, result: Node) -> None:
    """With multiple_outputs Airflow lets a task fail that returns neither a dict nor None."""
    is_list = isinstance(result, Call) and result.name == "createArray"
    no_dict = is_list or any(one is not None for one in possible_results(result) or ())
    if bench.task.multiple_outputs and no_dict:
        raise bench.refusal(
            DECISION_NOT_EXPRESSIBLE,
            f"'{bench.task.task_id}' has multiple_outputs, but does not return a dict",
            field="python_callable",
            hint="return a dict, or say multiple_outputs=False",
        )


def _outputs(bench: Workbench, value: Node) -> Mapping[str, Node]:
    """With multiple_outputs each member of the dict is an XCom of its own."""
    names = members_of_result(bench) if bench.task.multiple_outputs else ()
    return {name: select(value, name) for name in names}


CORE: Final[Mapping[str, Operator]] = {
    f"{_PACKAGE}.operators.empty.EmptyOperator": Operator(translate=nothing, activities=("Wait",)),
    # Every run of a pipeline is a manual one, which is never skipped, until schedules are exported.
    f"{_PACKAGE}.operators.latest_only.LatestOnlyOperator": Operator(translate=nothing, activities=("Wait",)),
    f"{_PACKAGE}.sensors.external_task.ExternalTaskMarker": Operator(
        translate=nothing,
        activities=("Wait",),
        ignored={
            "external_dag_id": "it is about clearing tasks in Airflow",
            "external_task_id": "it is about clearing tasks in Airflow",
            "logical_date": "it is about clearing tasks in Airflow",
            "recursion_depth": "it is about clearing tasks in Airflow",
        },
    ),
    f"{_PACKAGE}.operators.python.PythonOperator": Operator(
        translate=function, activities=("SetVariable",), ignored=IGNORED
    ),
    f"{_PACKAGE}.decorators.python._PythonDecoratedOperator": Operator(
        translate=function, activities=("SetVariable",), ignored=IGNORED
    ),
}

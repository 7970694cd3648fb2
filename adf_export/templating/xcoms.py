"""ti.xcom_pull() in all its forms."""

from collections.abc import Iterator

from adf_export.codes import XCOM_NOT_AVAILABLE
from adf_export.ir.dag import Dag, Task
from adf_export.ir.symbols import xcom
from adf_export.templating.building import if_
from adf_export.templating.lowering import Lowering
from adf_export.templating.terms import NOTHING, Known, Listing, Symbolic, Term, constant, is_known
from adf_lang.errors import nearest
from adf_lang.nodes import Index, call, literal

_RETURN_VALUE = Known(value="return_value")
_NO = Known(value=False)


def xcom_pull(
    lowering: Lowering,
    task_ids: Term = NOTHING,
    dag_id: Term = NOTHING,
    key: Term = _RETURN_VALUE,
    include_prior_dates: Term = _NO,
    *,
    map_indexes: Term = NOTHING,
    default: Term = NOTHING,
    run_id: Term = NOTHING,
) -> Term:
    """The XCom of a task, or those of several tasks as a list. `default` is for XComs that are not there: those are
    refused elsewhere.
    """
    del default
    if dag_id not in (NOTHING, Known(value=lowering.scope.dag.dag_id)) or run_id != NOTHING:
        raise lowering.refusal("the XCom of another DAG or run is not to be had in Data Factory")
    if include_prior_dates != _NO:
        raise lowering.refusal("the XComs of earlier runs are not to be had in Data Factory")
    if not is_known(task_ids) or not isinstance(key, Known) or not isinstance(key.value, str):
        raise lowering.refusal("the task ids and the key of xcom_pull() must be constant")
    names = constant(task_ids)
    if names is None:
        raise lowering.refusal("xcom_pull() without task_ids reads the task itself", hint="name the task: task_ids=..")
    if isinstance(names, str):
        return _one(lowering, names, key.value, map_indexes)
    if map_indexes != NOTHING or any(is_mapped(lowering.scope.dag, _task(lowering, name)) for name in names):
        raise lowering.refusal("xcom_pull() of several tasks takes tasks that are not mapped")
    return Listing(items=tuple(_one(lowering, name, key.value, NOTHING) for name in names))


def _one(lowering: Lowering, task_id: str, key: str, map_indexes: Term) -> Term:
    node, what = xcom(task_id, key), f"the XCom of '{task_id}'"
    if not is_mapped(lowering.scope.dag, _task(lowering, task_id)):
        if map_indexes not in (NOTHING, Known(value=-1)):
            raise lowering.refusal(f"'{task_id}' is not mapped: it has no map indexes")
        return Symbolic(node=node, what=what)
    if isinstance(map_indexes, Known) and type(map_indexes.value) is int:
        return Symbolic(node=Index(target=node, index=literal(map_indexes.value)), what=what)
    if map_indexes != NOTHING:
        raise lowering.refusal("map_indexes of xcom_pull() must be one constant index")
    # Airflow gives the XCom itself, not a list of it, where only one was pushed.
    single = Index(target=node, index=literal(0))
    return Symbolic(node=if_(call("equals", call("length", node), literal(1)), single, node), what=what)


def _task(lowering: Lowering, task_id: str) -> Task:
    try:
        return lowering.scope.dag.task(task_id)
    except KeyError:
        hint = nearest(task_id, [task.task_id for task in lowering.scope.dag.tasks]) or ""
        raise lowering.refusal(f"there is no task '{task_id}'", hint=hint, code=XCOM_NOT_AVAILABLE) from None


def is_mapped(dag: Dag, task: Task) -> bool:
    """Whether several copies of a task run, by itself or with its group."""
    return task.mapping is not None or any(_mapped_groups(dag, task))


def _mapped_groups(dag: Dag, task: Task) -> Iterator[bool]:
    groups = {group.group_id: group for group in dag.groups}
    name = task.group
    while name is not None:
        yield groups[name].mapping is not None
        name = groups[name].parent

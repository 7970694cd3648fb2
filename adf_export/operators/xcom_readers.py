"""Tells whether a DAG may read what a task returns, by the XComs and templates of its tasks and groups."""

from collections.abc import Iterator

import msgspec

from adf_export.ir.dag import Dag
from adf_export.ir.values import Constant, Function, Template, XCom
from adf_export.operators.workbench import Workbench


def may_be_read(bench: Workbench, key: str = "return_value") -> bool:
    """Whether something may read an XCom of the task; false only where nothing does."""
    task = bench.task
    return task.do_xcom_push and any(_reads(part, task.task_id, key) for part in _readers(bench))


def _readers(bench: Workbench) -> tuple[object, ...]:
    """Found once for all tasks of a DAG."""
    if bench.context.xcom_readers is None:
        bench.context.xcom_readers = tuple(filter(_reads_any, _parts(bench.dag)))
    return bench.context.xcom_readers


def _reads_any(part: object) -> bool:
    match part:
        case XCom():
            return True
        case Template(text=str(text)) | Constant(value=str(text)) | Function(source=str(text)):
            return "xcom" in text
    return False


def _reads(part: object, task_id: str, key: str) -> bool:
    match part:
        case XCom():
            return (part.task_id, part.key) == (task_id, key)
        case Template():
            return _names(part.text, task_id)
        case Constant(value=str(text)):
            return _names(text, task_id)
        case Function():
            return _names(part.source, task_id)
    return False


def _names(text: str, task_id: str) -> bool:
    """A pull without any task reads those upstream."""
    return task_id in text or "task_ids" not in text


def _parts(dag: Dag) -> Iterator[object]:
    """Everything that the DAG's tasks and groups hold, one inside of the other."""
    waiting: list[object] = [*dag.tasks, *dag.groups]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting += part
        elif isinstance(part, msgspec.Struct):
            yield part
            waiting += [getattr(part, name) for name in part.__struct_fields__]

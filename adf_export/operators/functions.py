"""A task's Python function as an expression, and the SetVariable that evaluates it once."""

from typing import Final

from adf_export.decisions import lower_function, members_of, truth_of
from adf_export.ir.factory import Activity, Json, Object
from adf_export.ir.values import Function
from adf_export.operators.workbench import Workbench
from adf_lang.nodes import Index, Node, call, literal

# Fields of PythonOperator and its kin that are about the call.
CALL: Final = ("python_callable", "op_args", "op_kwargs")
_TEMPLATES: Final = ("templates_dict", "templates_exts")
# What its activity does, for a reader.
FUNCTION: Final = "Evaluates the task's function."
IGNORED: Final = {"show_return_value_in_logs": "outputs are shown in the monitoring page"}


def result_of(bench: Workbench) -> Node:
    """What the task's function returns.

    Raises:
        Refusal: it has no equal expression.
    """
    function, positional, keyword = _called(bench)
    return lower_function(function, positional, keyword, bench.scope("op_kwargs"))


def members_of_result(bench: Workbench) -> tuple[str, ...]:
    """The members of the dict that the task's function returns."""
    function, positional, keyword = _called(bench)
    return members_of(function, positional, keyword, bench.scope("op_kwargs"))


def truth_of_result(bench: Workbench) -> Node:
    """Whether what the function returns is true for Python.

    Raises:
        Refusal: it has no equal expression.
    """
    function, positional, keyword = _called(bench)
    return truth_of(function, positional, keyword, bench.scope("op_kwargs"))


def evaluated(bench: Workbench, value: Node, *, description: str = FUNCTION) -> tuple[Activity, Node]:
    """A SetVariable that keeps a value, and what reads it: in an array, which takes values of any type."""
    name = bench.variable(bench.name(), "Array")
    step = bench.activity(
        name,
        "SetVariable",
        {"variableName": name, "value": call("createArray", value)},
        description=description,
    )
    return step, Index(target=call("variables", literal(name)), index=literal(0))


def _called(bench: Workbench) -> tuple[Function, tuple[Json, ...], dict[str, Json]]:
    function = bench.field("python_callable")
    if not isinstance(function, Function):
        raise bench.not_exported("python_callable", "it is no function with a Python source")
    for name in _TEMPLATES:
        if bench.has(name) and bench.value(name) not in ((), Object()):
            raise bench.not_exported(name, "only arguments of the function are rendered", hint="use op_kwargs")
    positional = bench.value("op_args") if bench.has("op_args") else ()
    keyword = bench.value("op_kwargs") if bench.has("op_kwargs") else Object()
    if not isinstance(positional, tuple) or not isinstance(keyword, Object):
        raise bench.not_exported("op_kwargs", "the arguments must be listed in the DAG")
    return function, positional, dict(keyword.members) | _mapped(bench)


def _mapped(bench: Workbench) -> dict[str, Json]:
    """Of a mapped @task the arguments of the function are mapped, not those of the operator."""
    mapping = bench.task.mapping
    names = [name for name, _ in mapping.expand if name not in CALL] if mapping else []
    return {name: bench.value(name) for name in names}

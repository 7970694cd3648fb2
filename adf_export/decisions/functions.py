"""Runs a Python function over terms: Python parses it, this visits its tree."""

from collections.abc import Mapping

from adf_export.codes import DECISION_NOT_EXPRESSIBLE
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.ir.factory import Json
from adf_export.ir.values import Function
from adf_export.templating import Scope
from adf_lang.nodes import Node


def lower_function(function: Function, positional: tuple[Json, ...], keyword: Mapping[str, Json], scope: Scope) -> Node:
    """The value that a function returns for these arguments, as one expression with the value's own type.

    A branch gets its task id or list of task ids, a short circuit whatever its condition returns: `truth_of` makes a
    boolean of it. `positional` and `keyword` are op_args and op_kwargs (or the arguments of a TaskFlow call), lowered;
    names of Airflow's context that the function takes besides (`ds`, `params`, `ti`, `**context`) are added here.

    Raises:
        Refusal: DECISION_NOT_EXPRESSIBLE, at the line of Python that has no equal expression.
    """
    raise Refusal(
        diagnostic(DECISION_NOT_EXPRESSIBLE, f"decision '{function.name}' has no equal expression", origin=scope.origin)
    )


def truth_of(function: Function, positional: tuple[Json, ...], keyword: Mapping[str, Json], scope: Scope) -> Node:
    """Whether Python takes the returned value for true, as a boolean expression: the condition of a short circuit.

    Raises:
        Refusal: as `lower_function`.
    """
    return lower_function(function, positional, keyword, scope)

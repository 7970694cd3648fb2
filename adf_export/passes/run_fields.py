"""What a pipeline knows of its run: the expression of each field, and the parameters that it reads.

A moment comes from a parameter that may be given when the run is started; an empty one means the start itself, as in
Airflow, where a run started by hand is at this very moment unless a date is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adf_export.ir.dag import Dag
from adf_export.ir.factory import MISSING, Object, Parameter
from adf_export.ir.symbols import RunField
from adf_lang.nodes import Node, call, literal, select

_PIPELINE: Final = call("pipeline")
# As utcNow() writes it.
ISO: Final = "yyyy-MM-ddTHH:mm:ss.fffffffZ"
_INTERVAL: Final = frozenset({RunField.DATA_INTERVAL_START, RunField.DATA_INTERVAL_END})


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A field of the run: how it is read, and what must be declared for it."""

    node: Node
    parameters: tuple[Parameter, ...] = ()


def run_field(field: RunField, dag: Dag) -> Given:
    """How a pipeline of a DAG reads a field of its run."""
    fixed = _FIXED.get(field)
    if fixed is not None:
        return fixed
    if field not in _INTERVAL:
        return _moment(field, select(_PIPELINE, "TriggerTime"), ())
    if not dag.schedule.manual_interval_is_point:
        return Given(node=_text(_parameter(field)), parameters=(_declared(field, required=True),))
    logical = run_field(RunField.LOGICAL_DATE, dag)
    return _moment(field, logical.node, logical.parameters)


def _moment(field: RunField, otherwise: Node, more: tuple[Parameter, ...]) -> Given:
    given = _parameter(field)
    node = _text(call("if", call("empty", given), otherwise, given))
    return Given(node=node, parameters=(*more, _declared(field, required=False)))


def _text(moment: Node) -> Node:
    return call("formatDateTime", moment, literal(ISO))


def _parameter(field: RunField) -> Node:
    return select(_PIPELINE, "parameters", field.value)


def _declared(field: RunField, *, required: bool) -> Parameter:
    return Parameter(name=field.value, type="String", default=MISSING if required else "")


# A pipeline that another one starts is a run started by hand, as TriggerDagRunOperator's are.
_BY_HAND: Final = call(
    "contains", call("createArray", literal("Manual"), literal("PipelineActivity")), select(_PIPELINE, "TriggerType")
)
_FIXED: Final[Mapping[RunField, Given]] = {
    RunField.RUN_ID: Given(node=select(_PIPELINE, "RunId")),
    RunField.RUN_TYPE: Given(node=call("if", _BY_HAND, literal("manual"), literal("scheduled"))),
    RunField.CONF: Given(
        node=_parameter(RunField.CONF), parameters=(Parameter(name="conf", type="Object", default=Object()),)
    ),
}

"""Gathers the return values of a mapped task's copies into one list, in the order of the copies.

The copies run at once; as they end, each appends its number and its value to a variable. A second ForEach, sequential,
puts the values in order. A value travels inside of an array, so that its JSON says whether it is a text.
"""

from dataclasses import dataclass
from typing import Final

from adf_export.context import Context
from adf_export.ir.factory import Activity, Body, Dependency, Json, PipelineVariable, Role, obj
from adf_export.ir.unit import Unit
from adf_export.passes.copies import ITEM, Copies
from adf_lang.nodes import Index, Node, call, literal

RETURN_VALUE: Final = "return_value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What it takes."""

    # The last step of each copy.
    inner: Activity
    # The step behind the loop of the copies.
    ordering: Activity
    values: Node
    variables: tuple[PipelineVariable, ...]


def gather(unit: Unit, copies: Copies, loop: str, context: Context) -> Gathered:
    """Steps for the copies of a unit, which know their numbers."""
    assert copies.number is not None
    ended, ordered = context.names.take(f"{unit.id}_ended"), context.names.take(f"{unit.id}_values")
    wrapped = call("string", call("createArray", dict(unit.results)[RETURN_VALUE]))
    pair = call("concat", literal('"'), call("string", copies.number), literal('":'), wrapped)
    members = call("join", call("variables", literal(ended)), literal(","))
    by_number = call("json", call("concat", literal("{"), members, literal("}")))
    value = Index(target=Index(target=by_number, index=call("string", ITEM)), index=literal(0))
    each = _helper(unit, context.names.take(f"{ordered}_next"), "AppendVariable", variableName=ordered, value=value)
    ordering = _helper(
        unit,
        context.names.take(f"{unit.id}_in_order"),
        "ForEach",
        (Dependency(activity=loop),),
        (Body(slot="activities", activities=(each,)),),
        isSequential=True,
        items=copies.numbers,
    )
    after = (Dependency(activity=unit.steps[-1].name),)
    return Gathered(
        inner=_helper(unit, f"{ended}", "AppendVariable", after, variableName=ended, value=pair),
        ordering=ordering,
        values=call("variables", literal(ordered)),
        variables=tuple(PipelineVariable(name=name, type="Array", default=()) for name in (ended, ordered)),
    )


def _helper(
    unit: Unit,
    name: str,
    type: str,
    after: tuple[Dependency, ...] = (),
    bodies: tuple[Body, ...] = (),
    **properties: Json,
) -> Activity:
    return Activity(
        name=name,
        type=type,
        role=Role.HELPER,
        origin=unit.origin,
        description=f"Gathers the values of the copies of '{unit.id}'.",
        depends_on=after,
        properties=obj(properties),
        bodies=bodies,
    )

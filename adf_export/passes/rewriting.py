"""Replaces parts of expressions, wherever an activity holds one."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from adf_export.ir.factory import Activity, Body, DatasetReference, Json, Object
from adf_export.ir.unit import Branches, Decision, ShortCircuits, SkipsItself, Unit
from adf_lang.nodes import Call, Index, Interpolation, Node, Property, interpolate

# Gives what a part of an expression becomes, None where it stays.
Rule = Callable[[Node], Node | None]


def rewrite_node(node: Node, rule: Rule) -> Node:
    """The expression with every part that the rule knows replaced; what comes in is not looked at again."""
    found = rule(node)
    if found is not None:
        return found
    match node:
        case Call():
            arguments = tuple(rewrite_node(part, rule) for part in node.arguments)
            # Most calls stay as they are, and making them anew takes longer than all the rest.
            same = all(new is old for new, old in zip(arguments, node.arguments, strict=True))
            return node if same else replace(node, arguments=arguments)
        case Property():
            return _selected(node, rewrite_node(node.target, rule))
        case Index():
            return _selected(replace(node, index=rewrite_node(node.index, rule)), rewrite_node(node.target, rule))
        case Interpolation():
            return interpolate(rewrite_node(part, rule) if isinstance(part, Node) else part for part in node.parts)
    return node


def rewrite_json(value: Json, rule: Rule) -> Json:
    """Likewise in a value of a document."""
    if isinstance(value, Node):
        return rewrite_node(value, rule)
    if isinstance(value, Object):
        return Object(tuple((name, rewrite_json(member, rule)) for name, member in value.members))
    if isinstance(value, tuple):
        return tuple(rewrite_json(item, rule) for item in value)
    return value


def rewrite_activity(activity: Activity, rule: Rule) -> Activity:
    """Likewise in an activity and all that is inside of it."""
    return replace(
        activity,
        properties=_object(activity.properties, rule),
        linked_service_parameters=_object(activity.linked_service_parameters, rule),
        bodies=tuple(_body(body, rule) for body in activity.bodies),
        inputs=tuple(_reference(reference, rule) for reference in activity.inputs),
        outputs=tuple(_reference(reference, rule) for reference in activity.outputs),
    )


def calls_in(value: Json, *names: str) -> Iterator[Call]:
    """Every call of one of these functions in a value."""
    found: list[Call] = []

    def keep(one: Node) -> Node | None:
        found.extend([one] if isinstance(one, Call) and one.name in names else [])
        return None

    rewrite_json(value, keep)
    return iter(found)


def calls_in_activity(activity: Activity, *names: str) -> Iterator[Call]:
    """Likewise in an activity and all that is inside of it."""
    found: list[Call] = []

    def keep(one: Node) -> Node | None:
        found.extend([one] if isinstance(one, Call) and one.name in names else [])
        return None

    rewrite_activity(activity, keep)
    return iter(found)


def calls_in_unit(unit: Unit, *names: str) -> Iterator[Call]:
    """Likewise in a unit: its steps, results and decision."""
    for step in unit.steps:
        yield from calls_in_activity(step, *names)
    for value in (*(node for _, node in unit.results), *decision_nodes(unit.decision)):
        yield from calls_in(value, *names)


def decision_nodes(decision: Decision | None) -> tuple[Node, ...]:
    """The expressions of a decision."""
    match decision:
        case SkipsItself():
            return (decision.when,)
        case Branches():
            on = (decision.choice.on,) if decision.choice else ()
            return (*(node for _, node in decision.follows), *on)
        case ShortCircuits():
            return (decision.passes,)
    return ()


def rewrite_unit(unit: Unit, rule: Rule) -> Unit:
    """Replaces parts of expressions in a unit: its steps, results and decision."""
    return replace(
        unit,
        steps=tuple(rewrite_activity(step, rule) for step in unit.steps),
        results=tuple((key, rewrite_node(node, rule)) for key, node in unit.results),
        decision=_decision(unit.decision, rule),
    )


def _decision(decision: Decision | None, rule: Rule) -> Decision | None:
    match decision:
        case SkipsItself():
            return replace(decision, when=rewrite_node(decision.when, rule))
        case Branches(choice=choice):
            follows = tuple((child, rewrite_node(node, rule)) for child, node in decision.follows)
            on = choice and replace(choice, on=rewrite_node(choice.on, rule))
            return replace(decision, follows=follows, choice=on)
        case ShortCircuits():
            return replace(decision, passes=rewrite_node(decision.passes, rule))
    return None


def _selected(node: Property | Index, target: Node) -> Node:
    """The grammar selects from calls and selections only: a constant goes through coalesce()."""
    if not isinstance(target, Call | Property | Index):
        target = Call(name="coalesce", arguments=(target,))
    return replace(node, target=target)


def _body(body: Body, rule: Rule) -> Body:
    return replace(body, activities=tuple(rewrite_activity(activity, rule) for activity in body.activities))


def _reference(reference: DatasetReference, rule: Rule) -> DatasetReference:
    return replace(reference, parameters=_object(reference.parameters, rule))


def _object(value: Object, rule: Rule) -> Object:
    rewritten = rewrite_json(value, rule)
    assert isinstance(rewritten, Object)
    return rewritten

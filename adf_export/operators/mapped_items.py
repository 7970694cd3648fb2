"""What is known of a mapped argument when the DAG is compiled: members that all its items have, and their kinds."""

from adf_export.ir.dag import Task
from adf_export.ir.factory import Json, Object
from adf_export.ir.symbols import map_item
from adf_export.ir.values import Constant, Items, Members, Value
from adf_export.operators.workbench import Workbench
from adf_export.templating.kinds import ANY, Kinds, kinds_of
from adf_lang.nodes import Index, Literal, Node, Property, literal, select
from adf_lang.nodes import is_name as is_plain


def field_value(bench: Workbench, name: str) -> Json:
    """A field as it stands in a document; dicts that a task is mapped over, member by member."""
    value, items = bench.value(name), _items_of(bench.task, name)
    return _shaped(value, items) if items and isinstance(value, Node) else value


def kinds_of_item(task: Task, node: Node) -> Kinds | None:
    """What a part of the item may be; None: it is no part of it."""
    names: list[str] = []
    while isinstance(node, Property | Index):
        name = node.name if isinstance(node, Property) else node.index.value if isinstance(node.index, Literal) else ""
        names.insert(0, str(name))
        node = node.target
    if node != map_item() or not names:
        return None
    items: tuple[Value, ...] = _items_of(task, names[0])
    for name in names[1:]:
        items = tuple(_member(item, name) for item in items)
    known = [kinds_of(item.value) if isinstance(item, Constant) else ANY for item in items]
    return frozenset().union(*known) if known else ANY


def _items_of(task: Task, argument: str) -> tuple[Value, ...]:
    """All values of a mapped argument; none: they are not known."""
    mapping = task.mapping
    if mapping is None:
        return ()
    if isinstance(mapping.expand_kwargs, Items):
        return tuple(_member(item, argument) for item in mapping.expand_kwargs.items)
    found = dict(mapping.expand).get(argument)
    return found.items if isinstance(found, Items) else ()


def _member(value: Value, name: str) -> Value:
    found = dict(value.members).get(name) if isinstance(value, Members) else None
    return found or Members(members=())


def _shaped(node: Node, items: tuple[Value, ...]) -> Json:
    """An object where all items are dicts with the same keys, else the expression."""
    names = [tuple(name for name, _ in item.members) if isinstance(item, Members) else () for item in items]
    if not names[0] or any(set(other) != set(names[0]) for other in names):
        return node
    parts = {name: tuple(_member(item, name) for item in items) for name in names[0]}
    return Object(tuple((name, _shaped(_selected(node, name), values)) for name, values in parts.items()))


def _selected(node: Node, name: str) -> Node:
    return select(node, name) if is_plain(name) else Index(target=node, index=literal(name))

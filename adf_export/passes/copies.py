"""What the copies of a mapped task run over: the items of a ForEach, and what stands for each argument in one of them.

As in Airflow, all combinations of the arguments run and the last argument changes first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

import msgspec

from adf_export.ir import dag as ir
from adf_export.ir.factory import Json, Object, obj
from adf_export.ir.symbols import MAP_ITEM
from adf_export.ir.values import Value, XCom
from adf_export.passes.rewriting import Rule, rewrite_node
from adf_export.templating import Scope, as_node, lower_value
from adf_lang.nodes import Call, Index, Literal, Node, Property, call, literal, select

ITEM: Final = call("item")
_EMPTY: Final = call("json", literal("[]"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """The copies of one mapped task."""

    # What the ForEach runs over: known items, or an array of the run.
    items: Json
    # The item as a whole: an object with a member for each argument.
    whole: Node
    # Argument -> its value; those that are not in it are members of the whole.
    arguments: Mapping[str, Node]
    # Whether there are none; None: there is at least one, always.
    empty: Node | None
    # The number of the copy, from 0; None: it is not known inside of the loop.
    number: Node | None = None

    @property
    def numbers(self) -> Node:
        """The numbers of all copies, in an array."""
        if self.number == ITEM:
            return as_node(self.items)
        return _range(
            literal(len(self.items)) if isinstance(self.items, tuple) else call("length", as_node(self.items))
        )

    @property
    def rule(self) -> Rule:
        """Replaces the symbol for the item."""

        def rule(node: Node) -> Node | None:
            if isinstance(node, Property | Index) and _is_item(node.target):
                name = node.name if isinstance(node, Property) else _constant(node.index)
                return self.arguments.get(str(name)) or select(self.whole, str(name))
            return self.whole if _is_item(node) else None

        return rule


def copies_of(mapping: ir.Mapping, scope: Scope) -> Copies:
    """The copies of a mapping."""
    if mapping.expand_kwargs is not None:
        return _over(lower_value(mapping.expand_kwargs, scope))
    lists = {name: _listed(lower_value(value, scope)) for name, value in mapping.expand}
    if len(lists) == 1:
        ((name, items),) = lists.items()
        found = _over(items)
        return Copies(
            items=items, whole=call("createObject", literal(name), ITEM), arguments={name: ITEM}, empty=found.empty
        )
    known = {name: items for name, items in lists.items() if isinstance(items, tuple)}
    if len(known) == len(lists):
        return _over(tuple(Object(tuple(zip(known, values, strict=True))) for values in product(*known.values())))
    return _combined({name: as_node(items) for name, items in lists.items()})


def numbered(copies: Copies) -> Copies:
    """The same copies, each of which knows its number."""
    if copies.number is not None:
        return copies
    if isinstance(copies.items, tuple):
        items = tuple(obj(number=number, item=item) for number, item in enumerate(copies.items))
        return _moved(copies, items, select(ITEM, "item"), select(ITEM, "number"))
    node = as_node(copies.items)
    return _moved(copies, _range(call("length", node)), _at(node, ITEM), ITEM)


def xcoms_in(value: Value | ir.Mapping | None) -> Iterator[XCom]:
    """Every XCom that a value of a DAG reads."""
    if isinstance(value, XCom):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from xcoms_in(item)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from xcoms_in(getattr(value, name))


def _over(items: Json) -> Copies:
    empty = None if isinstance(items, tuple) and items else call("empty", as_node(items))
    return Copies(items=items, whole=ITEM, arguments={}, empty=empty)


def _listed(value: Json) -> Json:
    """Of a dict its pairs."""
    return tuple(value.members) if isinstance(value, Object) else value


def _combined(lists: Mapping[str, Node]) -> Copies:
    """Lists that are known in the run only: each copy finds its elements by its number."""
    arguments: dict[str, Node] = {}
    behind: Node = literal(1)
    for name, items in reversed(list(lists.items())):
        length = call("length", items)
        arguments[name] = _at(items, call("mod", call("div", ITEM, behind), length))
        behind = call("mul", length, behind)
    whole = call("createObject", *(part for name in lists for part in (literal(name), arguments[name])))
    empty = call("equals", behind, literal(0))
    return Copies(items=_range(behind), whole=whole, arguments=arguments, empty=empty, number=ITEM)


def _range(count: Node) -> Node:
    if isinstance(count, Literal) and count.value:
        return call("range", literal(0), count)
    return call("if", call("equals", count, literal(0)), _EMPTY, call("range", literal(0), count))


def _at(items: Node, index: Node) -> Node:
    """The grammar selects from calls and selections only: a constant goes through coalesce()."""
    target = items if isinstance(items, Call | Property | Index) else call("coalesce", items)
    return Index(target=target, index=index)


def _moved(copies: Copies, items: Json, item: Node, number: Node) -> Copies:
    def rule(node: Node) -> Node | None:
        return item if node == ITEM else None

    return Copies(
        items=items,
        whole=rewrite_node(copies.whole, rule),
        arguments={name: rewrite_node(node, rule) for name, node in copies.arguments.items()},
        empty=copies.empty,
        number=number,
    )


def _is_item(node: Node) -> bool:
    return isinstance(node, Call) and node.name == MAP_ITEM


def _constant(node: Node) -> object:
    return node.value if isinstance(node, Literal) else None

"""All small DAGs, and larger ones at random."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations, permutations, product

from adf_export.ir.dag import TriggerRule
from adf_proof.shape import Kind, Node, Shape

_NAMES = "abcdefgh"
_DECIDING = (Kind.BRANCH, Kind.CHOICE, Kind.STOPS_ALL, Kind.STOPS_CHILDREN)
_COMPUTING = (Kind.CHOICE, Kind.STOPS_ALL)
# is_setup, is_teardown, on_failure_fail_dagrun
_FLAGS = ((False, False, False), (True, False, False), (False, True, False), (False, True, True))
_Edges = tuple[tuple[int, ...], ...]


@cache
def all_shapes(tasks: int) -> tuple[Shape, ...]:
    """Every DAG of so many tasks, one of each that differ in names only."""
    found: dict[object, Shape] = {}
    for edges in _edges(tasks):
        for shape in (*_with_decisions(edges), *_with_setups(edges)):
            found.setdefault(_canonical(shape), shape)
    return tuple(found.values())


def random_shape(chance: random.Random, tasks: int) -> Shape:
    """A DAG of so many tasks; a third has no skips, a tenth setups and teardowns."""
    density, decides = chance.choice((0.2, 0.4, 0.6)), chance.choice((0.0, 0.2, 0.5))
    edges = tuple(tuple(u for u in range(i) if chance.random() < density) for i in range(tasks))
    nodes = []
    for index, upstream in enumerate(edges):
        has_children = any(index in other for other in edges)
        kinds = (Kind.SKIPS, *_DECIDING) if has_children else (Kind.SKIPS,)
        rule = chance.choice(tuple(TriggerRule)) if chance.random() < 0.6 else TriggerRule.ALL_SUCCESS
        kind = chance.choice(kinds) if chance.random() < decides else Kind.PLAIN
        nodes.append(_node(index, upstream, rule if upstream else TriggerRule.ALL_SUCCESS, kind))
    if chance.random() < 0.5:
        # What only computes becomes an IfCondition or a Switch where it may.
        nodes = [replace(node, fails=node.kind not in _COMPUTING) for node in nodes]
    if chance.random() < 0.1:
        nodes = [_flagged(node, chance.choice(_FLAGS)) for node in nodes]
    return Shape(tuple(nodes))


def _edges(tasks: int) -> Iterator[_Edges]:
    choices = [
        tuple(chosen for size in range(index + 1) for chosen in combinations(range(index), size))
        for index in range(tasks)
    ]
    yield from product(*choices)


def _with_decisions(edges: _Edges) -> Iterator[Shape]:
    """Every rule of every task with upstream tasks, and everything that each may decide."""
    for rules in product(*(_rules(upstream) for upstream in edges)):
        for kinds in product(*(_kinds(index, edges) for index in range(len(edges)))):
            yield Shape(tuple(map(_node, range(len(edges)), edges, rules, kinds)))


def _with_setups(edges: _Edges) -> Iterator[Shape]:
    """Every mix of setups and teardowns, with tasks that only succeed or fail."""
    for flags in product(_FLAGS, repeat=len(edges)):
        if not any(map(any, flags)):
            continue
        for rules in product(*(_rules(upstream) for upstream in edges)):
            nodes = map(_node, range(len(edges)), edges, rules, [Kind.PLAIN] * len(edges))
            yield Shape(tuple(map(_flagged, nodes, flags)))


def _rules(upstream: Sequence[int]) -> Sequence[TriggerRule]:
    return tuple(TriggerRule) if upstream else (TriggerRule.ALL_SUCCESS,)


def _kinds(index: int, edges: _Edges) -> Sequence[Kind]:
    """A decision about children needs some."""
    has_children = any(index in upstream for upstream in edges)
    return (Kind.PLAIN, Kind.SKIPS, *(_DECIDING if has_children else ()))


def _node(index: int, upstream: Sequence[int], rule: TriggerRule, kind: Kind) -> Node:
    return Node(name=_NAMES[index], upstream=tuple(_NAMES[one] for one in upstream), rule=rule, kind=kind)


def _flagged(node: Node, flags: tuple[bool, bool, bool]) -> Node:
    """A teardown has one rule, whatever it is given."""
    setup, teardown, counts = flags
    rule = TriggerRule.ALL_DONE_SETUP_SUCCESS if teardown else node.rule
    return replace(node, rule=rule, is_setup=setup, is_teardown=teardown, on_failure_fail_dagrun=counts)


def _canonical(shape: Shape) -> object:
    """The least form under all names."""
    index = {node.name: place for place, node in enumerate(shape.nodes)}
    facts = [(_label(node), [index[name] for name in node.upstream]) for node in shape.nodes]
    return min(
        tuple(
            sorted(
                (order[place], tuple(sorted(order[one] for one in upstream)), label)
                for place, (label, upstream) in enumerate(facts)
            )
        )
        for order in permutations(range(len(facts)))
    )


def _label(node: Node) -> tuple[object, ...]:
    return (node.rule.value, node.kind.value, node.is_setup, node.is_teardown, node.on_failure_fail_dagrun)

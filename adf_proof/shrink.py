"""Makes a counterexample smaller as long as it stays one."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from adf_export.ir.dag import TriggerRule
from adf_proof.shape import Kind, Node, Shape


def shrunk(shape: Shape, wrong: Callable[[Shape], bool]) -> Shape:
    """The smallest DAG that is found by leaving out one thing after the other."""
    smaller = next((one for one in _smaller(shape) if wrong(one)), None)
    return shape if smaller is None else shrunk(smaller, wrong)


def _smaller(shape: Shape) -> Iterator[Shape]:
    for gone in shape.nodes:
        kept = (node for node in shape.nodes if node is not gone)
        yield Shape(tuple(_without(node, gone.name) for node in kept))
    for index, node in enumerate(shape.nodes):
        for other in _simpler(node):
            yield Shape((*shape.nodes[:index], other, *shape.nodes[index + 1 :]))


def _simpler(node: Node) -> Iterator[Node]:
    for name in node.upstream:
        yield _without(node, name)
    if node.is_setup or node.is_teardown:
        yield replace(node, is_setup=False, is_teardown=False, on_failure_fail_dagrun=False)
    if node.kind is not Kind.PLAIN:
        yield replace(node, kind=Kind.PLAIN, optional=None)
    if node.rule is not TriggerRule.ALL_SUCCESS and not node.is_teardown:
        yield replace(node, rule=TriggerRule.ALL_SUCCESS)


def _without(node: Node, name: str) -> Node:
    upstream = tuple(one for one in node.upstream if one != name)
    keeps_rule = bool(upstream) or node.is_teardown
    return replace(node, upstream=upstream, rule=node.rule if keeps_rule else TriggerRule.ALL_SUCCESS)

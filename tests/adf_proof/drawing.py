"""Shapes from the text that prints them: "a(skips); b(all_done) <- a"."""

from adf_export.ir.dag import TriggerRule
from adf_proof.shape import Kind, Node, Shape

_FLAGS = ("is_setup", "is_teardown", "on_failure_fail_dagrun")


def drawn(text: str) -> Shape:
    return Shape(tuple(_node(part.strip()) for part in text.split(";")))


def _node(text: str) -> Node:
    head, _, upstream = text.partition("<-")
    name, _, said = head.strip().rstrip(")").partition("(")
    words = [word.strip() for word in said.split(",") if word.strip()]
    rules = [TriggerRule(word) for word in words if word in set(TriggerRule)]
    kinds = [Kind(word) for word in words if word in set(Kind)]
    flags = {word: True for word in words if word in _FLAGS}
    default = TriggerRule.ALL_DONE_SETUP_SUCCESS if "is_teardown" in flags else TriggerRule.ALL_SUCCESS
    return Node(
        name=name.strip(),
        upstream=tuple(word.strip() for word in upstream.split(",") if word.strip()),
        rule=rules[0] if rules else default,
        kind=kinds[0] if kinds else Kind.PLAIN,
        fails="computes" not in words,
        is_setup=flags.get("is_setup", False),
        is_teardown=flags.get("is_teardown", False),
        on_failure_fail_dagrun=flags.get("on_failure_fail_dagrun", False),
    )

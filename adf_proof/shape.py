"""A small DAG as both sides of the proof see it: tasks, edges, rules, and all that each task may do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import combinations

from adf_export.ir.dag import TriggerRule


class Kind(StrEnum):
    """What a task may do besides succeeding and failing."""

    PLAIN = "plain"
    # It may raise AirflowSkipException.
    SKIPS = "skips"
    # It follows any of its children, also none.
    BRANCH = "branch"
    # It follows exactly one of its children.
    CHOICE = "choice"
    # It may skip all that comes after it.
    STOPS_ALL = "stops all"
    # It may skip its children.
    STOPS_CHILDREN = "stops children"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task does if it runs."""

    # Airflow's state of it: success, failed, or skipped (by itself).
    state: str
    # Of a branch: the children that it follows.
    follows: frozenset[str] | None = None
    # Of a short circuit: whether it skips what comes after it.
    stops: bool = False

    def __str__(self) -> str:
        if self.follows is not None:
            return f"follows {', '.join(sorted(self.follows)) or 'none'}"
        return "stops" if self.stops else self.state


SUCCESS = Outcome("success")
FAILED = Outcome("failed")
SKIPPED = Outcome("skipped")
STOPS = Outcome("success", stops=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One task."""

    name: str
    upstream: tuple[str, ...] = ()
    rule: TriggerRule = TriggerRule.ALL_SUCCESS
    kind: Kind = Kind.PLAIN
    # Of a branch: the children that it may leave out; None: all.
    optional: tuple[str, ...] | None = None
    # Whether it can fail: what only computes does not.
    fails: bool = True
    is_setup: bool = False
    is_teardown: bool = False
    on_failure_fail_dagrun: bool = False

    def __str__(self) -> str:
        flags = [self.rule.value] if self.upstream else []
        flags += [self.kind.value] if self.kind is not Kind.PLAIN else []
        flags += [] if self.fails else ["computes"]
        flags += [name for name in ("is_setup", "is_teardown", "on_failure_fail_dagrun") if getattr(self, name)]
        return f"{self.name}({', '.join(flags)})" + (f" <- {', '.join(self.upstream)}" if self.upstream else "")


@dataclass(frozen=True)
class Shape:
    """A DAG; upstream tasks come first."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.nodes))

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        return {node.name: node for node in self.nodes}

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        return {
            node.name: tuple(other.name for other in self.nodes if node.name in other.upstream) for node in self.nodes
        }

    @cached_property
    def outcomes(self) -> Mapping[str, tuple[Outcome, ...]]:
        """Task -> all that it may do, success first."""
        return {node.name: tuple(_outcomes(node, self.children[node.name])) for node in self.nodes}


def _outcomes(node: Node, children: tuple[str, ...]) -> Iterator[Outcome]:
    optional = tuple(child for child in children if node.optional is None or child in node.optional)
    always = frozenset(children) - frozenset(optional)
    if node.kind is Kind.BRANCH and optional:
        for size in range(len(optional), -1, -1):
            for chosen in combinations(optional, size):
                yield Outcome("success", follows=always.union(chosen))
    elif node.kind is Kind.CHOICE and optional:
        for child in optional:
            yield Outcome("success", follows=always | {child})
    else:
        yield SUCCESS
    if node.kind in (Kind.STOPS_ALL, Kind.STOPS_CHILDREN):
        yield STOPS
    if node.kind is Kind.SKIPS:
        yield SKIPPED
    if node.fails:
        yield FAILED


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended: what each task did, None if it did not run, and whether the run succeeded."""

    did: tuple[Outcome | None, ...]
    succeeded: bool

    def agrees_with(self, given: Mapping[str, Outcome], shape: Shape) -> bool:
        """Whether each task that ran did what was given."""
        return all(did in (None, given[node.name]) for did, node in zip(self.did, shape.nodes, strict=True))

"""Finds names in expressions, and which activities have certainly run when another one begins."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from adf_export.validate.subject import Step
from adf_lang import Node, ParseError, parse
from adf_lang.nodes import Call, Index, Interpolation, Literal, Property, Text

_SKIPPED: Final = "Skipped"


def names_in(text: str, function: str) -> tuple[str, ...]:
    """The names that `activity('x')` or `variables('x')` has in an expression; none of an expression that is none."""
    try:
        node = _parsed(text)
    except ParseError:
        return ()
    found = (inner.arguments[0] for inner in _below(node) if isinstance(inner, Call) and _is(inner, function))
    return tuple(named.value for named in found if isinstance(named, Literal) and isinstance(named.value, str))


def constants_in(text: str) -> tuple[str, ...]:
    """The texts that an expression has in it; of one that cannot be parsed, the whole."""
    try:
        node = _parsed(text)
    except ParseError:
        return (text,)
    found: list[str] = []
    for inner in _below(node):
        if isinstance(inner, Literal | Text) and isinstance(inner.value, str):
            found.append(inner.value)
        elif isinstance(inner, Interpolation):
            found += [part for part in inner.parts if isinstance(part, str)]
    return tuple(found)


_parsed = lru_cache(maxsize=1024)(parse)


def _is(call: Call, function: str) -> bool:
    return call.name.lower() == function and len(call.arguments) == 1


def _below(node: Node) -> Iterator[Node]:
    pending: list[object] = [node]
    while pending:
        found = pending.pop()
        if not isinstance(found, Node):
            continue
        yield found
        if isinstance(found, Call):
            pending.extend(found.arguments)
        elif isinstance(found, Property):
            pending.append(found.target)
        elif isinstance(found, Index):
            pending.extend((found.target, found.index))
        elif isinstance(found, Interpolation):
            pending.extend(found.parts)


class Order:
    """Which activities have run (succeeded or failed) for sure, by the conditions of `dependsOn` alone."""

    def __init__(self) -> None:
        self._ran: dict[Step, frozenset[str]] = {}
        self._skipped: dict[Step, frozenset[str] | None] = {}

    def before(self, step: Step) -> frozenset[str]:
        """Names of the activities that have run whenever this one runs; those before its containers too."""
        found = self._before(step)
        for container in step.around():
            found |= self._before(container)
        return found

    def after(self, steps: list[Step]) -> frozenset[str]:
        """Names of those activities of a whole list that have run for sure once the list is through."""
        return frozenset(step.name for step in steps if self._if_skipped(step) is None)

    def _before(self, step: Step) -> frozenset[str]:
        """Every entry of dependsOn is met."""
        if step not in self._ran:
            self._ran[step] = frozenset()  # what a circle says of itself is nothing
            found: frozenset[str] = frozenset()
            for name, conditions in step.edges():
                upstream = step.scope.find(name)
                if upstream is not None:
                    found |= self._known(upstream, ran=conditions != {_SKIPPED}, skipped=_SKIPPED in conditions)
            self._ran[step] = found
        return self._ran[step]

    def _once_ran(self, step: Step) -> frozenset[str]:
        """What has run whenever this one has; the last round of an Until can be read after it."""
        inner = self.after(step.inner) if step.type == "Until" else frozenset()
        return self._before(step) | inner | {step.name}

    def _if_skipped(self, step: Step) -> frozenset[str] | None:
        """What has run whenever this one was skipped; None: it is never skipped."""
        if step not in self._skipped:
            self._skipped[step] = frozenset()
            cases = [case for name, conditions in step.edges() for case in self._unmet(step, name, conditions)]
            self._skipped[step] = frozenset.intersection(*cases) if cases else None
        return self._skipped[step]

    def _unmet(self, step: Step, name: str, conditions: frozenset[str]) -> Iterator[frozenset[str]]:
        """How an entry can be unmet; nothing: it cannot."""
        upstream = step.scope.find(name)
        if upstream is None:
            return
        if "Completed" not in conditions and not {"Succeeded", "Failed"} <= conditions:
            yield self._once_ran(upstream)
        skipped = self._if_skipped(upstream)
        if _SKIPPED not in conditions and skipped is not None:
            yield skipped

    def _known(self, upstream: Step, *, ran: bool, skipped: bool) -> frozenset[str]:
        """What has run, where the activity upstream may have run, or may have been skipped, or either."""
        cases = [self._once_ran(upstream)] if ran else []
        if_skipped = self._if_skipped(upstream)
        if skipped and if_skipped is not None:
            cases.append(if_skipped)
        return frozenset.intersection(*cases) if cases else frozenset()

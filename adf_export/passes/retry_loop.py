"""Repeats a unit whose activities have no retries: an Until around its steps, and a verdict behind it.

Each round appends its state to an array variable, which so counts the rounds as well: an activity cannot set a variable
from its own value. Every round ends well, since the leaf of a round waits for both states; that all attempts failed is
told by the verdict behind the loop. XComs are kept in variables: nothing outside may name what is inside.
"""

from dataclasses import replace
from typing import Final

from adf_export.context import Context
from adf_export.ir.factory import Activity, Body, Condition, Dependency, Json, PipelineVariable, Role, inside, obj
from adf_export.ir.unit import Attempts, Unit
from adf_export.passes.rewriting import calls_in, decision_nodes
from adf_lang.nodes import Index, Literal, Node, call, literal

FORBIDDEN: Final = frozenset({"ForEach", "Until", "Validation"})
_SUCCEEDED: Final = "Succeeded"
_FAILED: Final = "Failed"
_ENDED: Final = (Condition.COMPLETED, Condition.SKIPPED)
# The longest that an Until takes: the attempts have limits of their own.
_FOREVER: Final = "90.00:00:00"


def in_loop(unit: Unit, attempts: Attempts, context: Context) -> tuple[Unit, tuple[PipelineVariable, ...]]:
    """The unit, repeated until an attempt succeeds, and the variables that this takes."""
    loop = _Loop(unit, attempts, context)
    keepers = loop.keepers()
    steps = (loop.until(keepers), loop.verdict())
    results = tuple((key, loop.kept(keeper)) for (key, _), keeper in zip(unit.results, keepers, strict=True))
    names = (loop.states, *(keeper.name for keeper in keepers))
    variables = tuple(PipelineVariable(name=name, type="Array", default=()) for name in names)
    return replace(unit, steps=steps, results=results, attempts=None), variables


def reads_inside(unit: Unit) -> bool:
    """Whether the unit's decision names an activity of its steps."""
    names = {step.name for step in inside(unit.steps)}
    found = (one for node in decision_nodes(unit.decision) for one in calls_in(node, "activity"))
    return any(isinstance(one.arguments[0], Literal) and one.arguments[0].value in names for one in found)


class _Loop:
    def __init__(self, unit: Unit, attempts: Attempts, context: Context) -> None:
        self._unit = unit
        self._attempts = attempts
        self._names = context.names
        self._loop = self._take("attempts")
        # Variables and activities have names of their own kind.
        self.states = self._loop

    def _take(self, suffix: str) -> str:
        return self._names.take(f"{self._unit.id}_{suffix}")

    def until(self, keepers: tuple[Activity, ...]) -> Activity:
        done = call("equals", self._last(), literal(_SUCCEEDED))
        expression = call("or", done, call("greater", self._count(), literal(self._attempts.retries)))
        last = keepers[-1].name if keepers else self._unit.steps[-1].name
        good = self._state("succeeded", _SUCCEEDED, Dependency(activity=last))
        failed = Dependency(activity=last, conditions=(Condition.FAILED, Condition.SKIPPED))
        bad = self._state("failed", _FAILED, failed)
        body = (*self._unit.steps, *keepers, good, bad, self._pause(good, bad))
        return self._helper(
            self._loop,
            "Until",
            f"Tries the task up to {self._attempts.retries + 1} times.",
            {"expression": expression, "timeout": _FOREVER},
            bodies=(Body(slot="activities", activities=body),),
        )

    def verdict(self) -> Activity:
        fail = self._helper(
            self._take("gave_up"),
            "Fail",
            "No attempt succeeded.",
            {"message": f"all attempts of {self._unit.id} failed", "errorCode": "AttemptsFailed"},
        )
        return self._helper(
            self._take("verdict"),
            "IfCondition",
            "Fails where no attempt succeeded.",
            {"expression": call("equals", self._last(), literal(_SUCCEEDED))},
            (Dependency(activity=self._loop),),
            (Body(slot="ifFalseActivities", activities=(fail,)),),
        )

    def keepers(self) -> tuple[Activity, ...]:
        """One behind the other, each keeps an XCom of the attempt that succeeded."""
        last = self._unit.steps[-1].name
        found: list[Activity] = []
        for key, node in self._unit.results:
            name = self._take(f"keep_{key}")
            properties: dict[str, Json] = {"variableName": name, "value": call("createArray", node)}
            keeper = self._helper(name, "SetVariable", f"Keeps XCom '{key}'.", properties, (Dependency(activity=last),))
            found.append(keeper)
            last = name
        return tuple(found)

    @staticmethod
    def kept(keeper: Activity) -> Node:
        return Index(target=call("variables", literal(keeper.name)), index=literal(0), safe=True)

    def _state(self, suffix: str, state: str, after: Dependency) -> Activity:
        properties: dict[str, Json] = {"variableName": self.states, "value": state}
        return self._helper(self._take(suffix), "AppendVariable", "Notes how the attempt ended.", properties, (after,))

    def _pause(self, *after: Activity) -> Activity:
        wait = self._helper(
            self._take("pause"),
            "Wait",
            "The retry_delay.",
            {"waitTimeInSeconds": max(1, round(self._attempts.delay_seconds))},
        )
        again = call(
            "and",
            call("equals", self._last(), literal(_FAILED)),
            call("lessOrEquals", self._count(), literal(self._attempts.retries)),
        )
        return self._helper(
            self._take("again"),
            "IfCondition",
            "Waits before the next attempt, if there is one.",
            {"expression": again},
            tuple(Dependency(activity=one.name, conditions=_ENDED) for one in after),
            (Body(slot="ifTrueActivities", activities=(wait,)),),
        )

    def _last(self) -> Node:
        return call("last", call("variables", literal(self.states)))

    def _count(self) -> Node:
        return call("length", call("variables", literal(self.states)))

    def _helper(
        self,
        name: str,
        type: str,
        description: str,
        properties: dict[str, Json],
        after: tuple[Dependency, ...] = (),
        bodies: tuple[Body, ...] = (),
    ) -> Activity:
        return Activity(
            name=name,
            type=type,
            role=Role.HELPER,
            origin=self._unit.origin,
            description=description,
            depends_on=after,
            properties=obj(properties),
            bodies=bodies,
        )

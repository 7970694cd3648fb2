"""What is proved: a draft of the compiler whose decisions are taken by parameters of the run, and its compiled form."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from adf_export.compiler import Compiled, assemble
from adf_export.context import Context
from adf_export.diagnostics import Diagnostic, Refusal, has_errors
from adf_export.environment import Environment
from adf_export.ir.dag import Dag, Schedule, Task
from adf_export.ir.factory import (
    Activity,
    Condition,
    Factory,
    Missing,
    Parameter,
    Pipeline,
    PipelineVariable,
    Role,
    inside,
    obj,
)
from adf_export.ir.origin import Origin
from adf_export.ir.unit import Branches, Choice, Decision, Draft, ShortCircuits, SkipsItself, Unit
from adf_export.passes import PASSES
from adf_export.passes.emit import emit
from adf_export.passes.outline import outline
from adf_lang.nodes import Node as Expression
from adf_lang.nodes import call, literal, select
from adf_proof.shape import Kind, Node, Outcome, Shape

# From here on passes care for nothing but the order of units, their rules and decisions.
_FIRST_PASS: Final = PASSES.index(outline)
_MANUAL: Final = Schedule(timetable="NullTimetable", text="", manual_interval_is_point=True)
# Activities that cannot fail.
_SAFE: Final = frozenset({"Wait"})
_SKIPPED: Final = "skipped"
_VARIABLE: Final = "decided"
_CALL: Final = obj(url="https://nobody.invalid/", method="GET")
# Type of a parameter -> some value of it.
_VALUES: Final[Mapping[str, object]] = {
    "String": "2026-01-01T00:00:00.0000000Z",
    "Int": 1,
    "Float": 1.0,
    "Bool": True,
    "Array": [],
    "Object": {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A compiled DAG, and how to drive it."""

    shape: Shape
    factory: Factory
    pipeline: str
    # Task -> its activities in series.
    steps: Mapping[str, tuple[str, ...]]
    # Tasks that became a container of what they decide about: they are executed, and cannot fail by themselves.
    containers: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def own(self) -> Pipeline:
        return next(one for one in self.factory.pipelines if one.name == self.pipeline)

    @property
    def plain(self) -> bool:
        """Whether every activity waits for nothing but successes, apart from those that nobody waits for."""
        awaited = {edge.activity for activity in self.own.activities for edge in activity.depends_on}
        inner = (activity for activity in self.own.activities if activity.name in awaited)
        return self._decides_itself and all(
            edge.conditions == (Condition.SUCCEEDED,) for activity in inner for edge in activity.depends_on
        )

    @property
    def _decides_itself(self) -> bool:
        """Whether no activity was added that makes the run fail."""
        return not any(activity.type == "Fail" for activity in self.own.activities)

    def parameters(self, given: Mapping[str, Outcome]) -> dict[str, object]:
        """The values by which every task decides as given; some value for whatever else must be given."""
        others = {one.name: _VALUES[one.type] for one in self.own.parameters if isinstance(one.default, Missing)}
        return others | {_parameter(index): _told(given[node.name]) for index, node in _deciding(self.shape)}


def subject_of_shape(shape: Shape) -> Subject:
    """A DAG of a shape, compiled.

    Raises:
        Refusal: the compiler refuses it.
    """
    return compiled(_draft(shape), shape, Context(environment=Environment()))


def subject_of_draft(draft: Draft, context: Context) -> Subject:
    """A translated DAG, compiled; its own decisions give way to those of the proof.

    Raises:
        Refusal: the compiler refuses it.
    """
    for step in PASSES[:_FIRST_PASS]:
        draft = step(draft, context)
    return compiled(draft, shape_of(draft), context)


def compiled(draft: Draft, shape: Shape, context: Context) -> Subject:
    """The draft, driven by parameters, through the remaining passes.

    Raises:
        Refusal: the compiler refuses it.
    """
    steps = {unit.id: tuple(step.name for step in unit.steps) for unit in draft.units}
    draft = _driven(draft, shape)
    for step in PASSES[_FIRST_PASS:]:
        draft = step(draft, context)
    pipelines = emit(draft, context)
    if has_errors(context.diagnostics):
        raise Refusal(next(one for one in context.diagnostics if has_errors([one])))
    whole = Compiled(dag=draft.dag, pipelines=pipelines, resources=draft.resources, diagnostics=())
    containers = frozenset(_containers(pipelines, steps))
    nodes = (replace(node, fails=node.fails and node.name not in containers) for node in shape.nodes)
    return Subject(
        shape=Shape(tuple(nodes)),
        factory=assemble([whole], context.environment),
        pipeline=draft.name,
        steps=steps,
        containers=containers,
        diagnostics=tuple(context.diagnostics),
    )


def _containers(pipelines: Iterable[Pipeline], steps: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    task_of = {step: task for task, names in steps.items() for step in names}
    for activity in (one for pipeline in pipelines for one in inside(pipeline.activities)):
        held = {task_of.get(one.name) for body in activity.bodies for one in inside(body.activities)}
        own = task_of.get(activity.name)
        if own is not None and held - {own, None}:
            yield own


def shape_of(draft: Draft) -> Shape:
    """The draft as the other side of the proof sees it."""
    return Shape(tuple(_node(unit) for unit in draft.units))


def _node(unit: Unit) -> Node:
    kind, optional = _KINDS[type(unit.decision)], None
    if isinstance(unit.decision, Branches):
        optional = tuple(child for child, _ in unit.decision.follows)
        kind = Kind.CHOICE if unit.decision.choice else Kind.BRANCH
    if isinstance(unit.decision, ShortCircuits) and not unit.decision.all_downstream:
        kind = Kind.STOPS_CHILDREN
    return Node(
        name=unit.id,
        upstream=unit.upstream,
        rule=unit.rule,
        kind=kind,
        optional=optional,
        fails=any(step.type not in _SAFE for step in unit.steps),
        is_setup=unit.is_setup,
        is_teardown=unit.is_teardown,
        on_failure_fail_dagrun=unit.on_failure_fail_dagrun,
    )


_KINDS: Final[Mapping[type, Kind]] = {
    type(None): Kind.PLAIN,
    SkipsItself: Kind.SKIPS,
    Branches: Kind.BRANCH,
    ShortCircuits: Kind.STOPS_ALL,
}


def _driven(draft: Draft, shape: Shape) -> Draft:
    deciding = {node.name: index for index, node in _deciding(shape)}
    units = tuple(
        replace(unit, decision=_decision(shape, unit.id, deciding[unit.id])) if unit.id in deciding else unit
        for unit in draft.units
    )
    parameters = tuple(Parameter(name=_parameter(index), type="String", default="") for index in deciding.values())
    return replace(draft, units=units, parameters=(*draft.parameters, *parameters))


def _deciding(shape: Shape) -> list[tuple[int, Node]]:
    return [(index, node) for index, node in enumerate(shape.nodes) if node.kind is not Kind.PLAIN]


def _parameter(index: int) -> str:
    return f"decision_{index}"


def _told(outcome: Outcome) -> str:
    """A branch tells the children that it follows, with a bar on either side of each."""
    if outcome.follows is not None:
        return f"|{'|'.join(sorted(outcome.follows))}|"
    return "stops" if outcome.stops else outcome.state


def _decision(shape: Shape, name: str, index: int) -> Decision | None:
    node, told = shape.by_name[name], select(call("pipeline"), "parameters", _parameter(index))
    children = shape.children[name] if node.optional is None else node.optional
    match node.kind:
        case Kind.SKIPS:
            return SkipsItself(when=call("equals", told, literal(_SKIPPED)))
        case Kind.STOPS_ALL | Kind.STOPS_CHILDREN:
            passes = call("not", call("equals", told, literal("stops")))
            return ShortCircuits(passes=passes, all_downstream=node.kind is Kind.STOPS_ALL)
        case Kind.BRANCH | Kind.CHOICE if children:
            follows = tuple((child, call("contains", told, literal(f"|{child}|"))) for child in children)
            return Branches(follows=follows, choice=_choice(shape, node, told, children))
    return None


def _choice(shape: Shape, node: Node, told: Expression, children: tuple[str, ...]) -> Choice | None:
    if node.kind is not Kind.CHOICE:
        return None
    always = frozenset(shape.children[node.name]) - frozenset(children)
    texts = tuple((_told(Outcome("success", follows=always | {child})), child) for child in children)
    return Choice(on=told, cases=texts)


def _draft(shape: Shape) -> Draft:
    origin = Origin(file="proof.py", line=1, dag_id="proof")
    tasks = tuple(
        Task(
            task_id=node.name,
            origin=Origin(file="proof.py", line=1, dag_id="proof", task_id=node.name),
            operator="proof.Operator",
            upstream=node.upstream,
            trigger_rule=node.rule,
            is_setup=node.is_setup,
            is_teardown=node.is_teardown,
            on_failure_fail_dagrun=node.on_failure_fail_dagrun,
        )
        for node in shape.nodes
    )
    dag = Dag(dag_id="proof", origin=origin, schedule=_MANUAL, tasks=tasks)
    return Draft(
        dag=dag,
        name="proof",
        variables=(PipelineVariable(name=_VARIABLE),),
        units=tuple(_unit(node, task) for node, task in zip(shape.nodes, tasks, strict=True)),
    )


def _unit(node: Node, task: Task) -> Unit:
    work = Activity(
        name=node.name,
        type="WebActivity" if node.fails else "SetVariable",
        role=Role.TASK,
        origin=task.origin,
        properties=_CALL if node.fails else obj(variableName=_VARIABLE, value="decided"),
    )
    return Unit(
        id=node.name,
        origin=task.origin,
        tasks=(node.name,),
        rule=node.rule,
        upstream=node.upstream,
        steps=(work,),
        is_setup=node.is_setup,
        is_teardown=node.is_teardown,
        on_failure_fail_dagrun=node.on_failure_fail_dagrun,
    )

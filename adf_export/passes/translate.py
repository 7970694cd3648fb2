"""Makes a unit of each task: looks its operator up and lets the operator's translator work."""

from adf_export.codes import FIELD_IGNORED, FIELD_NOT_EXPORTED, INVALID_DOCUMENT, NO_NATIVE_ACTIVITY
from adf_export.context import Context
from adf_export.diagnostics import Diagnostic, Refusal, diagnostic
from adf_export.ir.dag import Dag, Task
from adf_export.ir.factory import PipelineVariable
from adf_export.ir.unit import Draft, Resources, Unit
from adf_export.names import PIPELINE_LENGTH, clean, shorten
from adf_export.operators.registry import Operator, operators
from adf_export.operators.workbench import Workbench


def translate(dag: Dag, context: Context) -> Draft:
    """The DAG as a draft; a task that is refused has left its diagnostic and is not in it."""
    units: list[Unit] = []
    resources = Resources()
    variables: list[PipelineVariable] = []
    for task in in_topological_order(dag):
        try:
            unit, bench = _translate_task(task, dag, context)
        except Refusal as refused:
            context.report(refused.diagnostic)
            continue
        units.append(unit)
        for name in clashes(resources, bench.resources()):
            context.report(_clash(name, task))
        resources = join(resources, bench.resources())
        variables += bench.variables
    return Draft(
        dag=dag,
        name=shorten(clean(dag.dag_id), PIPELINE_LENGTH),
        units=tuple(units),
        variables=tuple(variables),
        resources=resources,
    )


def in_topological_order(dag: Dag) -> tuple[Task, ...]:
    """Upstream tasks first; otherwise in the DAG's order."""
    pending = {task.task_id: task for task in dag.tasks}
    ordered: list[Task] = []
    done: set[str] = set()
    while pending:
        ready = [task for task in pending.values() if done.issuperset(task.upstream)]
        assert ready, f"DAG {dag.dag_id} has a cycle"  # Airflow refuses such a DAG when it is imported
        for task in ready:
            done.add(task.task_id)
            del pending[task.task_id]
        ordered += ready
    return tuple(ordered)


def join(one: Resources, other: Resources) -> Resources:
    """Both; documents of one name are equal, see `clashes`."""
    return Resources(
        linked_services={**one.linked_services, **other.linked_services},
        datasets={**one.datasets, **other.datasets},
        global_parameters={**one.global_parameters, **other.global_parameters},
    )


def clashes(one: Resources, other: Resources) -> tuple[str, ...]:
    """Names that both have, whatever their case, for documents that are not the same."""
    found: set[str] = set()
    for mine, theirs in ((one.linked_services, other.linked_services), (one.datasets, other.datasets)):
        known = {name.lower(): document for name, document in mine.items()}
        found.update(name for name, document in theirs.items() if known.get(name.lower(), document) != document)
    return tuple(sorted(found))


def _clash(name: str, task: Task) -> Diagnostic:
    return diagnostic(
        INVALID_DOCUMENT,
        f"'{task.task_id}' and another task need different documents of one name, '{name}'",
        origin=task.origin,
        hint="give one of the connections another id: capitals, dots and dashes do not tell them apart",
    )


def _translate_task(task: Task, dag: Dag, context: Context) -> tuple[Unit, Workbench]:
    operator = operators().get(task.operator)
    if operator is None:
        raise Refusal(_no_activity(task))
    bench = Workbench(task, dag, context)
    unit = operator.translate(bench)
    account_for_fields(operator, bench)
    return unit, bench


def _no_activity(task: Task) -> Diagnostic:
    base = next((name for name in task.bases if name in operators()), None)
    short = task.operator.rpartition(".")[2]
    return diagnostic(
        NO_NATIVE_ACTIVITY,
        f"{short} '{task.task_id}' has no activity in Data Factory",
        origin=task.origin,
        detail=f"It extends {base}, but may do something else." if base else f"Its class is {task.operator}.",
        hint=f"use {base.rpartition('.')[2]} itself, or register a translator for {short}"
        if base
        else "use an operator of docs/operators.md, or register a translator (entry point adf_export.operators)",
    )


def account_for_fields(operator: Operator, bench: Workbench) -> None:
    """Every field that the DAG gives was read, or is known to have no meaning: else it would be dropped in silence."""
    for name in bench.task.given:
        if name in bench.read:
            continue
        if name in operator.ignored:
            bench.tell(
                FIELD_IGNORED, f"'{name}' of {bench.short_operator} is left out: {operator.ignored[name]}", field=name
            )
        else:
            raise bench.refusal(
                FIELD_NOT_EXPORTED,
                f"'{name}' of {bench.short_operator} cannot be exported",
                field=name,
                hint="leave it out, or register a translator that knows it",
            )

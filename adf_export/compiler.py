"""Compiles DAGs, stage by stage.

    read       DAG files -> Dag                         frontend (the only one that knows Airflow; another process)
    translate  Dag -> Draft of units                    operators, templating
    passes     Draft -> Draft with wired activities     passes
    emit       Draft -> Pipeline                        passes/emit.py
    validate   Factory -> diagnostics                   validate
    write      Factory -> files                         backends

A DAG with an error is left out of the factory, whole: half a pipeline would be worse than none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from adf_export.context import Context
from adf_export.diagnostics import Diagnostic, Refusal, has_errors, in_order
from adf_export.environment import Environment
from adf_export.ir.dag import Dag
from adf_export.ir.factory import Factory, Pipeline
from adf_export.ir.unit import Draft, Resources
from adf_export.passes import PASSES
from adf_export.passes.emit import emit
from adf_export.passes.starts import without_unread
from adf_export.passes.translate import join, translate


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """One DAG, compiled; without pipelines if it has an error."""

    dag: Dag
    # The DAG's own first, then those that it starts.
    pipelines: tuple[Pipeline, ...]
    resources: Resources
    diagnostics: tuple[Diagnostic, ...]


def compile_dag(dag: Dag, environment: Environment, dags: Mapping[str, Dag] | None = None) -> Compiled:
    """One DAG as pipelines; `dags` are all that are compiled together, this one among them."""
    context = Context(environment=environment, dags=dags or {dag.dag_id: dag})
    draft = translate(dag, context)
    pipelines: tuple[Pipeline, ...] = ()
    if not has_errors(context.diagnostics):
        try:
            draft = run_passes(draft, context)
            pipelines = emit(draft, context)
        except Refusal as refused:
            context.report(refused.diagnostic)
    failed = has_errors(context.diagnostics)
    return Compiled(
        dag=dag,
        pipelines=() if failed else pipelines,
        resources=Resources() if failed else draft.resources,
        diagnostics=in_order(context.diagnostics),
    )


def run_passes(draft: Draft, context: Context) -> Draft:
    """All passes in their order; also for the drafts of child pipelines.

    Raises:
        Refusal: a pass cannot go on.
    """
    for run in PASSES:
        draft = run(draft, context)
    return draft


def assemble(compiled: Iterable[Compiled], environment: Environment) -> Factory:
    """The factory of several DAGs."""
    resources = Resources()
    pipelines: list[Pipeline] = []
    for one in compiled:
        resources = join(resources, one.resources)
        pipelines += one.pipelines
    return Factory(
        name=environment.name,
        location=environment.location,
        pipelines=without_unread(sorted(pipelines, key=lambda pipeline: pipeline.name)),
        datasets=tuple(resources.datasets[name] for name in sorted(resources.datasets)),
        linked_services=tuple(resources.linked_services[name] for name in sorted(resources.linked_services)),
        global_parameters=tuple(resources.global_parameters[name] for name in sorted(resources.global_parameters)),
        outside_pipelines=environment.pipelines,
    )

"""Makes pipelines of a finished draft."""

from typing import Final

from adf_export.context import Context
from adf_export.ir.factory import Parameter, Pipeline
from adf_export.ir.unit import Draft
from adf_export.passes.params import parameters_of

# Airflow's default for max_active_runs; a pipeline has no limit of its own.
_ANY_RUNS: Final = 16


def emit(draft: Draft, context: Context) -> tuple[Pipeline, ...]:
    """The DAG's own pipeline, then those that it starts.

    Raises:
        Refusal: a param has no parameter that can hold it.
    """
    dag = draft.dag
    own = Pipeline(
        name=draft.name,
        dag_id=dag.dag_id,
        origin=dag.origin,
        description=dag.description,
        activities=draft.activities,
        parameters=_joined(parameters_of(dag, context), draft.parameters),
        variables=draft.variables,
        concurrency=None if dag.max_active_runs == _ANY_RUNS else dag.max_active_runs,
        annotations=dag.tags,
    )
    return (own, *draft.children)


def _joined(params: tuple[Parameter, ...], run: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Those of the DAG, then what passes added."""
    return (*params, *run)

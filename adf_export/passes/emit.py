"""Makes pipelines of a finished draft."""

from adf_export.context import Context
from adf_export.ir.factory import Pipeline
from adf_export.ir.unit import Draft


def emit(draft: Draft, context: Context) -> tuple[Pipeline, ...]:
    """The DAG's own pipeline, then those that it starts."""
    dag = draft.dag
    own = Pipeline(
        name=draft.name,
        dag_id=dag.dag_id,
        origin=dag.origin,
        description=dag.description,
        activities=draft.activities,
        parameters=draft.parameters,
        variables=draft.variables,
        annotations=dag.tags,
    )
    return (own, *draft.children)

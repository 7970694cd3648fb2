"""Judges a user's own DAG: its pipeline against Airflow's evaluator, for all outcomes of its tasks or a sample."""

from collections.abc import Mapping

from adf_export.context import Context
from adf_export.environment import Environment
from adf_export.ir.dag import Dag
from adf_export.passes.translate import translate
from adf_proof.execution import Cases
from adf_proof.judge import Judged, judged_subject
from adf_proof.subject import subject_of_draft


def verified(dag: Dag, environment: Environment, dags: Mapping[str, Dag], cases: Cases) -> Judged:
    """What becomes of a DAG that can be exported.

    Raises:
        Refusal: it cannot.
    """
    context = Context(environment=environment, dags=dags)
    return judged_subject(subject_of_draft(translate(dag, context), context), cases)

"""Pictures of a DAG and of what it became, in one: Airflow's graph first, then that of each pipeline."""

from collections.abc import Iterable

from adf_export.backends.drawing import draw_dag, draw_pipelines
from adf_export.backends.mermaid import mermaid
from adf_export.backends.svg import svg
from adf_export.ir.dag import Dag
from adf_export.ir.factory import Pipeline


def graph_mermaid(dag: Dag, pipelines: Iterable[Pipeline]) -> str:
    """A Mermaid flowchart."""
    return mermaid((draw_dag(dag), *draw_pipelines(pipelines)))


def graph_svg(dag: Dag, pipelines: Iterable[Pipeline]) -> str:
    """An SVG picture."""
    return svg((draw_dag(dag), *draw_pipelines(pipelines)))

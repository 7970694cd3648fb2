"""`adf-export graph` draws a DAG and what it became side by side."""

from typing import Annotated

import typer

from adf_export.cli.explaining import find
from adf_export.cli.options import (
    CacheOption,
    EnvOption,
    Exit,
    NoCacheOption,
    OutOption,
    PathsArgument,
    Picture,
    QuietOption,
)
from adf_export.cli.screen import show, write
from adf_export.cli.work import work


def graph_command(
    dag_id: Annotated[str, typer.Argument(metavar="DAG", help="Id of the DAG.")],
    paths: PathsArgument = None,
    format: Annotated[Picture, typer.Option(help="mermaid is text that code hosts draw.")] = Picture.MERMAID,
    out: OutOption = None,
    env: EnvOption = None,
    quiet: QuietOption = False,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """Draw a DAG as Airflow shows it, and its pipelines as Data Factory does.

    Of a DAG that is left out, only Airflow's picture is drawn.

    Example:

      adf-export graph my_dag --format svg --out my_dag.svg

    Exit codes: 0 the DAG is exported, 1 it is left out, 2 the command cannot work.
    """
    from adf_export.backends.graph import graph_mermaid, graph_svg
    from adf_export.report.as_text import diagnostics_text

    session, report = work(paths, env, cache, no_cache=no_cache, quiet=quiet).session()
    compiled, dag = find(session, report, dag_id)
    draw = graph_svg if format is Picture.SVG else graph_mermaid
    write(draw(compiled.dag, compiled.pipelines if dag.exported else ()), out)
    if not dag.exported:
        show(diagnostics_text(report, everything=False, only_errors=True, dag_id=dag_id), err=True)
        raise typer.Exit(Exit.ERRORS)

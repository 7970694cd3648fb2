"""`adf-export explain` shows how one DAG or task became what."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from adf_export.cli.options import CacheOption, EnvOption, Exit, JsonOption, NoCacheOption, PathsArgument, QuietOption
from adf_export.cli.screen import show, show_json
from adf_export.cli.work import work
from adf_export.errors import AdfExportError
from adf_export.report.model import DagReport, Report

if TYPE_CHECKING:
    from adf_export.compiler import Compiled
    from adf_export.session import Session

_MOST_NAMES: Final = 20


def explain_command(
    dag_id: Annotated[str, typer.Argument(metavar="DAG", help="Id of the DAG.")],
    task_id: Annotated[
        str, typer.Argument(metavar="TASK", help="Id of one task: with its JSON.", show_default=False)
    ] = "",
    paths: PathsArgument = None,
    as_json: JsonOption = False,
    env: EnvOption = None,
    quiet: QuietOption = False,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """Show how tasks became activities: JSON, what each waits for in words, helpers and why, where it was said.

    Examples:

      adf-export explain my_dag dags

      adf-export explain my_dag my_task dags --env prod.toml

    Exit codes: 0 the DAG is exported, 1 it is left out, 2 the command cannot work.
    """
    from adf_export.report.explaining import explain_json, explain_text

    if task_id and Path(task_id).exists():  # no task is named: what stands there is a path
        task_id, paths = "", [Path(task_id), *(paths or ())]
    session, report = work(paths, env, cache, no_cache=no_cache, quiet=quiet).session()
    compiled, dag = find(session, report, dag_id)
    if task_id and task_id not in {task.task_id for task in dag.tasks}:
        raise AdfExportError(
            f"DAG '{dag_id}' has no task '{task_id}'", remedy=f"it has {_some(task.task_id for task in dag.tasks)}"
        )
    if as_json:
        show_json(explain_json(compiled, dag, report, task_id))
    else:
        show(explain_text(compiled, dag, report, task_id))
    if not dag.exported:
        raise typer.Exit(Exit.ERRORS)


def find(session: "Session", report: Report, dag_id: str) -> "tuple[Compiled, DagReport]":
    """A DAG by its id.

    Raises:
        AdfExportError: there is none.
    """
    for compiled, dag in zip(session.compiled, report.dags, strict=True):
        if dag.dag_id == dag_id:
            return compiled, dag
    known = [dag.dag_id for dag in report.dags]
    raise AdfExportError(f"there is no DAG '{dag_id}'", remedy=f"there are {_some(known)}" if known else "")


def _some(names: Iterable[str]) -> str:
    """As many as fit on a few lines."""
    listed = [f"'{name}'" for name in names]
    more = len(listed) - _MOST_NAMES
    return ", ".join(listed[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")

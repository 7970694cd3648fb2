"""`adf-export report` tells what becomes of each task."""

from typing import Annotated

import typer

from adf_export.cli.options import (
    AllOption,
    CacheOption,
    EnvOption,
    Exit,
    Form,
    NoCacheOption,
    OutOption,
    PathsArgument,
    QuietOption,
)
from adf_export.cli.screen import json_text, show, write
from adf_export.cli.work import work
from adf_export.codes import Severity
from adf_export.report.model import Report


def report_command(
    paths: PathsArgument = None,
    format: Annotated[Form, typer.Option(help="sarif is what code hosts show beside lines.")] = Form.TEXT,
    out: OutOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    env: EnvOption = None,
    everything: AllOption = False,
    quiet: QuietOption = False,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """Tell what becomes of each task: native, approximated or refused; why, where, and what to do.

    Examples:

      adf-export report dags

      adf-export report dags --format sarif --out adf-export.sarif

    Exit codes: 0 all can be exported, 1 some DAG cannot, 2 the command cannot work.
    """
    report = work(paths, env, cache, no_cache=no_cache, quiet=quiet).outcome().report
    form = Form.JSON if as_json else format
    if form is Form.TEXT and out is None:
        from adf_export.report.as_text import report_text

        show(report_text(report, everything=everything))
    else:
        write(_formed(report, form), out)
    if report.count(Severity.ERROR):
        raise typer.Exit(Exit.ERRORS)


def _formed(report: Report, form: Form) -> str:
    """Only the form that is asked for is imported."""
    if form is Form.MARKDOWN:
        from adf_export.report.as_markdown import as_markdown

        return as_markdown(report)
    if form is Form.SARIF:
        from adf_export.report.as_sarif import as_sarif

        return json_text(as_sarif(report))
    if form is Form.JSON:
        from adf_export.report.as_json import as_json

        return json_text(as_json(report))
    from adf_export.report.as_text import report_text

    return f"{report_text(report, everything=True).plain}\n"

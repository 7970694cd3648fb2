"""`adf-export compile` writes a factory, `adf-export validate` only judges it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from adf_export.cli.options import (
    AllOption,
    CacheOption,
    EnvOption,
    Exit,
    Format,
    JsonOption,
    NoCacheOption,
    PathsArgument,
    QuietOption,
)
from adf_export.cli.screen import show, show_json
from adf_export.cli.work import Outcome, work
from adf_export.codes import Severity
from adf_export.report.model import Report

FormatOption = Annotated[Format, typer.Option(help="git: a Git repository's folder; arm, bicep: a deployment.")]


def compile_command(
    paths: PathsArgument = None,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="DIR", help="Folder to write; of what is there, only ours is removed."),
    ] = Path("factory"),
    format: FormatOption = Format.GIT,
    env: EnvOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    everything: AllOption = False,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """Compile DAGs and write the factory: pipelines, datasets, linked services, global parameters.

    A DAG with an error is left out whole, and with it what starts it; the others are written. Documents that an
    earlier run wrote to the folder and that are no more are removed, others are never touched. If no DAG can be
    exported, the folder is left as it is.

    Examples:

      adf-export compile dags --out factory --env environments/prod.toml

      adf-export compile dags/daily.py --format bicep --out deploy --json

    Exit codes: 0 all are exported, 1 some DAG is left out, 2 the command cannot work.
    """
    outcome = work(paths, env, cache, no_cache=no_cache, quiet=quiet).outcome(format)
    written = _write(outcome, out)
    if as_json:
        show_json({"out": out.as_posix(), "format": format.value, **written, **_document(outcome.report)})
    else:
        _tell(outcome.report, everything=everything, quiet=quiet)
        if not quiet:
            typer.echo(_done(written, out), err=True)
    _end(outcome.report)


def validate_command(
    paths: PathsArgument = None,
    format: FormatOption = Format.GIT,
    env: EnvOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    everything: AllOption = False,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """Judge DAGs as `compile` does, and write nothing.

    Example:

      adf-export validate dags --env environments/prod.toml

    Exit codes: 0 all can be exported, 1 some DAG cannot, 2 the command cannot work.
    """
    report = work(paths, env, cache, no_cache=no_cache, quiet=quiet).outcome(format).report
    if as_json:
        show_json(_document(report))
    else:
        _tell(report, everything=everything, quiet=quiet)
    _end(report)


def _write(outcome: Outcome, out: Path) -> dict[str, Any]:
    from adf_export.backends.git import write_files

    if not outcome.files:
        return {"written": [], "unchanged": [], "removed": []}
    done = write_files(outcome.files, out)
    return {"written": list(done.written), "unchanged": list(done.unchanged), "removed": list(done.removed)}


def _done(written: dict[str, Any], out: Path) -> str:
    counts = {name: len(files) for name, files in written.items()}
    if not sum(counts.values()):
        return f"nothing is written: {out} is as it was"
    return f"{out}: {counts['written']:,} written, {counts['unchanged']:,} unchanged, {counts['removed']:,} removed"


def _document(report: Report) -> dict[str, Any]:
    from adf_export.report.as_json import as_json

    return as_json(report)


def _tell(report: Report, *, everything: bool, quiet: bool) -> None:
    if report.count(Severity.ERROR) or (not quiet and any(report.all_diagnostics())):
        from adf_export.report.as_text import diagnostics_text

        show(diagnostics_text(report, everything=everything, only_errors=quiet), err=True)
    if not quiet:
        from adf_export.report.wording import summary

        typer.echo(summary(report), err=True)


def _end(report: Report) -> None:
    if report.count(Severity.ERROR):
        raise typer.Exit(Exit.ERRORS)

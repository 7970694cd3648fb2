"""The command line `adf-export`: its commands, a file each, and those of other packages."""

import sys
import traceback
from importlib.metadata import entry_points
from typing import Final

import typer

from adf_export.cli import codes, compiling, explaining, graphs, reports
from adf_export.cli.options import EXITS, Exit
from adf_export.cli.screen import show_json
from adf_export.errors import AdfExportError
from adf_export.monitor.command import monitor_command

# A package adds a command by an entry point of this group: its name, and a function with Typer's annotations.
COMMANDS: Final = "adf_export.commands"


app = typer.Typer(
    help=f"""Compile Airflow DAGs to Azure Data Factory pipelines that mean the same.

    What cannot mean the same is refused with a code at its line, and its DAG is left out; what differs is told.

    \b
    Examples:
      adf-export report dags
      adf-export compile dags --out factory --env prod.toml
      adf-export explain my_dag my_task dags
      adf-export monitor --since 7d --status Failed

    {EXITS}""",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("compile")(compiling.compile_command)
app.command("validate")(compiling.validate_command)
app.command("report")(reports.report_command)
app.command("explain")(explaining.explain_command)
app.command("graph")(graphs.graph_command)
app.command("codes")(codes.codes_command)
app.command("monitor")(monitor_command)


def main() -> None:
    """The entry point: what stops a command is told in a few lines."""
    try:
        add_commands(sys.argv[1:])
        app()
    except AdfExportError as error:
        _stop(Exit.UNUSABLE, str(error))
    except Exception as error:  # the top: a fault of ours is told as such
        traceback.print_exc()
        _stop(Exit.FAULT, f"{type(error).__name__}: {error}\n  help: report this, with what stands above")


def add_commands(arguments: list[str]) -> None:
    """Takes in the commands of installed packages; they are not even loaded where one of ours is called."""
    ours = {command.name for command in app.registered_commands}
    called = next((argument for argument in arguments if not argument.startswith("-")), "")
    if called not in ours:
        for point in sorted(entry_points(group=COMMANDS), key=lambda point: point.name):
            app.command(point.name)(point.load())


def _stop(code: Exit, text: str) -> None:
    if "--json" in sys.argv:
        show_json({"error": text})
    typer.echo(f"error: {text}", err=True)
    sys.exit(code)

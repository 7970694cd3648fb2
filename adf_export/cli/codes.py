"""`adf-export codes` tells what the codes of diagnostics mean."""

from typing import Annotated

import typer

from adf_export.cli.options import JsonOption
from adf_export.cli.screen import show_json
from adf_export.codes import all_codes
from adf_export.errors import AdfExportError


def codes_command(
    code: Annotated[str, typer.Argument(metavar="CODE", help="One code, ADF301.", show_default=False)] = "",
    as_json: JsonOption = False,
) -> None:
    """Tell what a code means, or list all of them.

    An error leaves its DAG out; a warning tells what differs; a note tells what has no meaning in Data Factory.

    Example:

      adf-export codes ADF301
    """
    found = [one for one in all_codes() if code.upper() in ("", one.id)]
    if not found:
        raise AdfExportError(f"there is no code '{code}'", remedy="adf-export codes lists all")
    if as_json:
        show_json([{"code": one.id, "severity": str(one.severity), "title": one.title} for one in found])
    else:
        for one in found:
            typer.echo(f"{one.id}  {one.severity:7}  {one.title}")

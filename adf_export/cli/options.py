"""Options that several commands share, and the exit codes."""

import os
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

DEFAULT_PATHS: Final = (Path("dags"),)


class Exit(IntEnum):
    """How a command ends."""

    OK = 0
    # A DAG has an error; it is left out, and told on the screen.
    ERRORS = 1
    # The command cannot work: usage, a file that cannot be read or written.
    UNUSABLE = 2
    # A fault of ours.
    FAULT = 70


EXITS: Final = (
    "Exit codes: 0 all DAGs are exported; 1 a DAG has an error and is left out; 2 the command cannot work "
    "(usage, files that cannot be read or written); 70 a fault of adf-export itself."
)


class Format(StrEnum):
    """What is written; a row of backends/formats.py each."""

    GIT = "git"
    ARM = "arm"
    BICEP = "bicep"


class Form(StrEnum):
    """A form of the report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    MARKDOWN = "markdown"


class Picture(StrEnum):
    """A form of a picture."""

    MERMAID = "mermaid"
    SVG = "svg"


def default_cache() -> Path:
    """Outside of the user's tree."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "adf-export" / "compiler"


PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(help="DAG files and folders; default: dags.", show_default=False, metavar="PATHS"),
]
EnvOption = Annotated[
    Path | None,
    typer.Option(
        "--env", envvar="ADF_EXPORT_ENV", metavar="FILE", help="TOML: the factory, where connections lead, Variables."
    ),
]
CacheOption = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        envvar="ADF_EXPORT_CACHE",
        metavar="DIR",
        help="Folder that keeps what was made of files that do not change; default: ~/.cache/adf-export/compiler.",
        show_default=False,
    ),
]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Read and compile everything anew.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, and nothing else.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Errors only.")]
AllOption = Annotated[bool, typer.Option("--all", "-a", help="Every diagnostic, also beyond one screen.")]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="File instead of standard output.")]

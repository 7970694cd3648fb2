"""Reads notebooks in Databricks' source format and runs their cells in one namespace."""

import importlib.metadata
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement

from local_azure.databricks import python_file
from local_azure.databricks.dbutils import DBUtils, NotebookExit, install_dbutils
from local_azure.databricks.display import display, display_html
from local_azure.databricks.errors import DatabricksError
from local_azure.databricks.sql_text import named_parameters, split_statements
from local_azure.databricks.workspace import NOTEBOOK_HEADS

if TYPE_CHECKING:
    from local_azure.databricks.runtime import Runtime

COMMENTS = {".py": "#", ".sql": "--"}
DEFAULT_LANGUAGE = {".py": "python", ".sql": "sql"}
# Only shown in the workspace.
PROSE = ("md", "md-sandbox")


class NotebookError(DatabricksError):
    """A notebook asks for something that is not run here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One command of a notebook."""

    # Line in the file where `text` begins, from 1.
    line: int
    # "python", "sql", or what stands after the %.
    magic: str
    text: str


def parse(source: str, path: Path) -> tuple[Cell, ...]:
    """The cells of a notebook file."""
    comment = COMMENTS[path.suffix]
    lines = source.splitlines()
    if not lines or lines[0].rstrip() != NOTEBOOK_HEADS[path.suffix]:
        raise NotebookError(f"{path} is not a notebook: its first line is not '{NOTEBOOK_HEADS[path.suffix]}'")
    cells: list[Cell] = []
    start = 1
    for number in range(1, len(lines) + 1):
        if number == len(lines) or lines[number].rstrip() == f"{comment} COMMAND ----------":
            cells.extend(_cell(lines[start:number], start + 1, path))
            start = number + 1
    return tuple(cells)


def _cell(lines: list[str], first: int, path: Path) -> Iterator[Cell]:
    comment = COMMENTS[path.suffix]
    marked = f"{comment} MAGIC"
    meaningful = [line for line in lines if line.strip() and not line.startswith(f"{comment} DBTITLE")]
    if not meaningful:
        return
    magic_lines = [line for line in meaningful if line.startswith(marked)]
    if not magic_lines:
        yield Cell(line=first, magic=DEFAULT_LANGUAGE[path.suffix], text="\n".join(lines))
        return
    at = next(index for index, line in enumerate(lines) if line.startswith(marked))
    if len(magic_lines) != len(meaningful):
        raise NotebookError(f"{path}:{first + at}: a cell mixes '{marked}' lines and code: give each a cell of its own")
    body = [line.removeprefix(marked).removeprefix(" ") for line in lines[at:]]
    while body and not body[0].strip():
        body.pop(0)
        at += 1
    if not body:
        return
    if not body[0].lstrip().startswith("%"):
        raise NotebookError(f"{path}:{first + at}: a cell of '{marked}' lines must start with a magic such as %sql")
    name, _, rest = body[0].lstrip()[1:].partition(" ")
    yield Cell(line=first + at, magic=name.strip(), text="\n".join([rest, *body[1:]]))


class Notebook:
    """A namespace that cells run in; %run adds another notebook's cells to it."""

    def __init__(self, runtime: "Runtime", dbutils: DBUtils) -> None:
        self.runtime = runtime
        self.dbutils = dbutils
        self.namespace: dict[str, Any] = python_file.new_main().__dict__
        self.namespace |= {
            "spark": runtime.spark,
            "sc": runtime.spark.sparkContext,
            "sql": runtime.spark.sql,
            "dbutils": dbutils,
            "display": display,
            "displayHTML": display_html,
        }

    def run(self, path: Path) -> None:
        """Run all cells of one file, in order."""
        for cell in parse(path.read_text(encoding="utf-8"), path):
            self._run_cell(cell, path)

    def _run_cell(self, cell: Cell, path: Path) -> None:
        match cell.magic:
            case "python":
                self._exec(cell.text, cell.line, path)
            case "sql":
                self._call("run_sql", cell, path)
            case "run":
                self._call("run_other", cell, path)
            case "pip":
                self._call("require_installed", cell, path)
            case magic if magic in PROSE:
                pass
            case magic:
                raise NotebookError(
                    f"{path}:{cell.line}: %{magic} is not run here: only %python, %sql, %run, %md, and %pip for what "
                    "is installed"
                )

    def _exec(self, text: str, line: int, path: Path) -> None:
        # Empty lines in front, so that errors and tracebacks show the lines of the file.
        code = compile("\n" * (line - 1) + text, str(path), "exec", dont_inherit=True)
        exec(code, self.namespace)

    def _call(self, action: str, cell: Cell, path: Path) -> None:
        """Run a magic from a line of the notebook's own, so that a traceback shows where it stands."""
        code = compile("\n" * (cell.line - 1) + "action(cell, path)", str(path), "exec")
        exec(code, {"action": getattr(self, action), "cell": cell, "path": path})

    def run_sql(self, cell: Cell, path: Path) -> None:
        """Run the statements of a %sql cell; the last result is shown and is `_sqldf` in Python."""
        del path
        result = None
        for statement in split_statements(cell.text):
            names = named_parameters(statement) & set(self.dbutils.widgets.getAll())
            values = {name: self.dbutils.widgets.get(name) for name in names}
            spark = self.runtime.spark
            result = spark.sql(statement, args=values) if values else spark.sql(statement)
        if result is not None:
            self.namespace["_sqldf"] = result
            if result.columns:
                display(result)

    def run_other(self, cell: Cell, path: Path) -> None:
        """Run another notebook's cells here, its `$name="value"` arguments as widgets."""
        words = shlex.split(cell.text)
        if not words:
            raise NotebookError(f"{path}:{cell.line}: %run needs the path of a notebook")
        target, arguments = words[0], words[1:]
        for argument in arguments:
            name, equals, value = argument.removeprefix("$").partition("=")
            if not argument.startswith("$") or not equals:
                raise NotebookError(f'{path}:{cell.line}: %run takes arguments as $name="value", not {argument!r}')
            self.dbutils.widgets.preset(name, value)
        self.run(self.runtime.workspace.notebook(resolve(target, self.runtime.workspace.path_of(path))))

    def require_installed(self, cell: Cell, path: Path) -> None:
        """Let %pip install pass when it would change nothing: notebooks share the project's environment."""
        words = shlex.split(cell.text, comments=True)
        remedy = "add it to the project's own environment, in which notebooks run here"
        if not words or words[0] != "install":
            raise NotebookError(f"{path}:{cell.line}: %pip {cell.text.strip()} is not run here: {remedy}")
        for word in words[1:]:
            missing = missing_requirement(word)
            if missing:
                raise NotebookError(f"{path}:{cell.line}: %pip is not run here and {missing}: {remedy}")
        sys.stdout.write(f"%pip install {' '.join(words[1:])}: installed already\n")


def missing_requirement(text: str) -> str | None:
    """Why a requirement is not met by this environment; None when it is."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return f"{text!r} is not a plain requirement such as 'pandas>=2'"
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return f"{requirement.name} is not installed"
    if not requirement.specifier.contains(version, prereleases=True):
        return f"{requirement} is wanted, but {version} is installed"
    return None


def resolve(target: str, current: str) -> str:
    """A notebook's workspace path, given as an absolute one or relative to the current notebook's folder.

    >>> resolve("../shared/setup", "/Shared/jobs/bronze")
    '/Shared/shared/setup'
    """
    if target.startswith("/"):
        return target
    folder = current.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            folder = folder[:-1]
        elif part not in ("", "."):
            folder.append(part)
    return "/".join(folder) or "/"


def run_task(runtime: "Runtime") -> None:
    """Run the job's notebook; returns normally or by NotebookExit."""
    path = Path(runtime.job["file"])
    python_file.enter_folder(path)
    sys.argv = [str(path)]
    dbutils = install_dbutils(runtime)
    notebook = Notebook(runtime, dbutils)
    try:
        notebook.run(path)
    except NotebookExit:
        _stop_streams(runtime)
        raise
    _await_streams(runtime)


def _await_streams(runtime: "Runtime") -> None:
    """A notebook run lasts as long as the streams that it started, and fails with them."""
    for query in runtime.spark.streams.active:
        sys.stdout.write(f"waiting for the streaming query {query.name or query.id}\n")
        query.awaitTermination()


def _stop_streams(runtime: "Runtime") -> None:
    for query in runtime.spark.streams.active:
        sys.stdout.write(f"notebook.exit stops the streaming query {query.name or query.id}\n")
        query.stop()

"""Tells why a DAG file cannot be imported: the place in the user's files, one line, and the remedy."""

import traceback
from collections.abc import Iterator
from typing import Final

from adf_export.codes import IMPORT_FAILED
from adf_export.diagnostics import Diagnostic, diagnostic
from adf_export.frontend.places import Territory
from adf_export.ir.origin import Origin

_LENGTH: Final = 300


def failure(error: BaseException, file: str, territory: Territory, *, dag_id: str = "") -> Diagnostic:
    """The diagnostic of an exception that a file or one of its DAGs raised."""
    where, line = next(_places(error, territory), (file, 0))
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return diagnostic(
        IMPORT_FAILED,
        f"the file cannot be imported: {what[:_LENGTH]}",
        origin=Origin(file=territory.relative(where), line=line, dag_id=dag_id),
        hint=_hint(error),
    )


def _places(error: BaseException, territory: Territory) -> Iterator[tuple[str, int]]:
    """Places in the user's files, innermost first."""
    if isinstance(error, SyntaxError) and error.filename and territory.has(error.filename):
        yield error.filename, error.lineno or 0
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if territory.has(frame.f_code.co_filename):
            yield frame.f_code.co_filename, line


def _hint(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"install the package that has the module '{error.name}' here, or put it into the plugins folder"
    if isinstance(error, SyntaxError):
        return "correct the syntax"
    if isinstance(error, SystemExit):
        return "a DAG file must not end the process: remove the call from its top level"
    for kind in type(error).__mro__:
        if kind.__name__ in _HINTS:
            return _HINTS[kind.__name__]
    return "import the file with Python: it must work without the metadata database, connections and services"


# Class of the exception -> remedy.
_HINTS: Final = {
    "AirflowDagCycleException": "remove one of the dependencies of the cycle",
    "AirflowNotFoundException": "use the connection in a task: none is at hand while DAG files are imported",
    "AirflowRuntimeError": "use {{ var.value.name }} in a template, or give a default: Variable.get(name, default=..)",
    "DuplicateTaskIdFound": "give each task an id of its own",
    "ImportError": "compare the installed version of the package with the one that the DAG was written for",
}

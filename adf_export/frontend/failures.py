"""Tells why a DAG file cannot be imported: the place in the user's files, one line, and the remedy."""

import traceback
from collections.abc import Iterator
from typing import Final

from adf_export.codes import IMPORT_FAILED
from adf_export.diagnostics import Diagnostic, diagnostic
from adf_export.frontend.places import Territory
from adf_export.frontend.recorder import Recorder
from adf_export.ir.origin import Origin

_LENGTH: Final = 300


def import_failure(error: BaseException, file: str, recorder: Recorder, territory: Territory) -> Diagnostic:
    """The diagnostic of an exception that a DAG file raised."""
    where, line = next(_places(error, territory), (file, 0))
    key = recorder.missing.get(id(error))
    what = _text(error) if key is None else f"it reads the Variable '{key}', which has no value here"
    hint = _hint(error) if key is None else f"use {{{{ var.value.{key} }}}} in a template field, or give a default"
    return diagnostic(
        IMPORT_FAILED,
        f"the file cannot be imported: {what}",
        origin=Origin(file=territory.relative(where), line=line),
        hint=hint,
    )


def dag_failure(error: Exception, origin: Origin) -> Diagnostic:
    """The diagnostic of an exception that Airflow, or the reading, raised for one DAG."""
    summary = f"DAG '{origin.dag_id}' cannot be read: {_text(error)}"
    return diagnostic(IMPORT_FAILED, summary, origin=origin, hint=_hint(error))


def internal_failure(error: Exception, origin: Origin) -> Diagnostic:
    """The diagnostic of an exception that is a fault of the compiler."""
    summary = f"the file cannot be read, by a fault of adf-export: {_text(error)}"
    hint = "report it with the DAG file"
    detail = "".join(traceback.format_exception(error)[-3:])
    return diagnostic(IMPORT_FAILED, summary, origin=origin, detail=detail, hint=hint)


def _text(error: BaseException) -> str:
    """Class and message on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:_LENGTH]


def _places(error: BaseException, territory: Territory) -> Iterator[tuple[str, int]]:
    """Places in the user's files, innermost first."""
    if isinstance(error, SyntaxError) and error.filename and territory.has(error.filename):
        yield error.filename, error.lineno or 0
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if territory.has(frame.f_code.co_filename):
            yield frame.f_code.co_filename, line


def _hint(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _missing_module(error.name)
    if isinstance(error, SyntaxError):
        return "correct the syntax"
    if isinstance(error, SystemExit):
        return "a DAG file must not end the process: remove the call from its top level"
    for kind in type(error).__mro__:
        if kind.__name__ in _HINTS:
            return _HINTS[kind.__name__]
    return "import the file with Python: it must work without the metadata database, connections and services"


def _missing_module(name: str) -> str:
    parts = name.split(".")
    if parts[:2] == ["airflow", "providers"] and len(parts) > 2:
        package = "-".join([*parts[2:4], "..."][:2] if parts[2] in _FAMILIES else parts[2:3])
        return f"install apache-airflow-providers-{package} here"
    if parts[0] == "airflow":
        return f"Airflow 3 has no '{name}': {_UPGRADE}"
    return f"install the package that has the module '{name}' here, or put it into the plugins folder"


# Providers whose package has two parts in its name.
_FAMILIES: Final = frozenset({"apache", "atlassian", "cncf", "common", "dbt", "microsoft"})
_UPGRADE: Final = "ruff check --select AIR3 tells what to use instead"

# Class of the exception -> remedy.
_HINTS: Final = {
    "AirflowDagCycleException": "remove one of the dependencies of the cycle",
    "AirflowNotFoundException": "use the connection in a task: none is at hand while DAG files are imported",
    "DuplicateTaskIdFound": "give each task an id of its own",
    "ImportError": f"the installed package has no such name; if it is Airflow's, {_UPGRADE}",
    "TypeError": f"if the DAG was written for Airflow 2, {_UPGRADE}",
}

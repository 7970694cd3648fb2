"""Shows a run's error as its author needs it: the notebook's own lines first, Spark's hints in local terms."""

import logging
import traceback
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError  # type: ignore[import-untyped]

from local_azure.cloud_files.errors import END_OF_MESSAGE, UNKNOWN_FIELDS, UnknownFieldException

OURS = str(Path(__file__).parent)
# How a Java stack and the description of a streaming query look in the text of an error.
JVM_FRAMES = ("at ", "... ")
QUERY_PLAN = "=== Streaming Query ==="
SUMMARY_HEAD, SUMMARY_TAIL, SUMMARY_WIDTH = 3, 5, 400
MAX_CAUSE = 4000
# What Spark says of a name whose catalog is not there.
OTHER_CATALOG = ("CATALOG_NOT_FOUND", "REQUIRES_SINGLE_PART_NAMESPACE")


def translate(error: BaseException, catalog: str) -> BaseException:
    """The error that Databricks would show, with what helps here."""
    causes = java_causes(error)
    for text in causes:
        if UNKNOWN_FIELDS in text and not isinstance(error, UnknownFieldException):
            return UnknownFieldException(_between(text, UNKNOWN_FIELDS, END_OF_MESSAGE)).with_traceback(
                error.__traceback__
            )
    if causes and causes[-1] not in str(error):
        # Spark says only which step failed; why is in the JVM's chain of causes.
        error.add_note(f"Caused by: {causes[-1][:MAX_CAUSE]}")
    condition = getattr(error, "getCondition", None)
    if callable(condition) and condition() in OTHER_CATALOG:
        error.add_note(
            f"The local Databricks has one catalog, {catalog}: use three-level names that begin with it, "
            "or start it for another catalog."
        )
    if isinstance(error, SystemExit):
        error.add_note("sys.exit ends the Python process of the run: end a notebook with dbutils.notebook.exit(value).")
    return error


def java_causes(error: BaseException) -> list[str]:
    """The messages behind an error that came from the JVM, the deepest last."""
    found: list[str] = []
    throwable: Any = getattr(error, "_origin", None)
    try:
        while throwable is not None and len(found) < 20:
            throwable = throwable.getCause()
            if throwable is not None and throwable.getMessage():
                found.append(str(throwable.getMessage()).strip())
    except Py4JError:
        # The JVM is gone: what is known already has to do.
        pass
    return found


def _between(text: str, start: str, end: str) -> str:
    found = text[text.index(start) :]
    return found[: found.index(end) + len(end)] if end in found else found


def show(error: BaseException) -> str:
    """The whole traceback, without the frames of our own that run the user's."""
    shown = traceback.TracebackException.from_exception(error)
    pending: list[traceback.TracebackException | None] = [shown]
    while pending:
        one = pending.pop()
        if one is not None:
            kept = [frame for frame in one.stack if not frame.filename.startswith(OURS)]
            one.stack = traceback.StackSummary.from_list(kept)
            pending += [one.__cause__, one.__context__]
    return "".join(shown.format())


def summary(error: BaseException) -> str:
    """The error in a few lines: type, message, causes, notes, without the JVM's frames and the query's plan.

    Airflow puts this text into one line of its log; the whole of it is in the run's log and in error_trace.
    """
    text = "".join(traceback.format_exception_only(error)).strip()
    said = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(JVM_FRAMES)]
    plan = next((number for number, line in enumerate(said) if line.startswith(QUERY_PLAN)), len(said))
    notes = list(getattr(error, "__notes__", ()))
    kept = said[:plan] if plan == len(said) else [*said[:plan], *notes]
    if len(kept) > SUMMARY_HEAD + SUMMARY_TAIL:
        kept = [*kept[:SUMMARY_HEAD], "[...]", *kept[-SUMMARY_TAIL:]]
    return "\n".join(line if len(line) <= SUMMARY_WIDTH else f"{line[:SUMMARY_WIDTH]} [...]" for line in kept)


def quiet_spark() -> None:
    """PySpark logs each error that it raises, with the JVM's whole stack: the traceback says it once and better."""
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)

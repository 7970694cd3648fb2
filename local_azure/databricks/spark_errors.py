"""Shows a run's error as its author needs it: the notebook's own lines first, Spark's hints in local terms."""

import traceback
from pathlib import Path
from types import TracebackType

OURS = str(Path(__file__).parent)


def translate(error: BaseException) -> BaseException:
    """The error that Databricks would raise, where Spark's differs."""
    condition = getattr(error, "getCondition", None)
    if callable(condition) and condition() == "CATALOG_NOT_FOUND":
        error.add_note("The local Databricks has one catalog: use its name, or start it with another one.")
    if isinstance(error, SystemExit):
        error.add_note("sys.exit ends the Python process of the run: end a notebook with dbutils.notebook.exit(value).")
    return error


def without_our_frames(error: BaseException) -> BaseException:
    """The same error with a traceback that starts in the user's code."""
    frame: TracebackType | None = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename.startswith(OURS):
        frame = frame.tb_next
    # A syntax error has no frame of the user's.
    return error.with_traceback(frame)


def summary(error: BaseException) -> str:
    """The error in a few lines: type, message, notes."""
    return "".join(traceback.format_exception_only(error)).strip()

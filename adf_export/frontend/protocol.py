"""What the compiler and its worker process say to each other: one request, then a line for each file."""

from typing import Final

import msgspec

from adf_export.ir.dag import Reading

# The worker says it when airflow is imported.
READY: Final = b"ready\n"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """All files to read, absolute."""

    files: tuple[str, ...]
    # Origins are relative to it.
    root: str
    # Folders that Airflow would have on sys.path besides: plugins and the DAG folder.
    search: tuple[str, ...]
    timeout_seconds: float
    # Files that are read at once.
    parallel: int


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """What else a file was made of, as far as Python tells: a change of it makes the reading stale."""

    # Absolute: modules of the user's, and files that were opened.
    files: tuple[str, ...] = ()
    # Folders that were listed.
    folders: tuple[str, ...] = ()
    # Environment variables that were asked for.
    environment: tuple[str, ...] = ()
    # False: it asked a network or another process, whose answers nobody can check.
    repeatable: bool = True


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one file gave."""

    # Absolute, as in the request.
    file: str
    reading: Reading
    inputs: Inputs = Inputs()

"""What a command works on: paths, environment and cache; and what came out of it, kept as long as nothing changes."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from adf_export.cli.kept import Kept
from adf_export.cli.options import DEFAULT_PATHS, Format, default_cache
from adf_export.cli.screen import progress
from adf_export.environment import Environment, read_environment
from adf_export.errors import AdfExportError
from adf_export.frontend import read_dags, root_of
from adf_export.ir.dag import Reading
from adf_export.report.model import Report

if TYPE_CHECKING:
    from adf_export.session import Session


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a compilation came to."""

    report: Report
    # Path -> text of all that is to be written; empty if nothing may be.
    files: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Of one command."""

    paths: tuple[Path, ...]
    environment: Environment
    # None: nothing is kept.
    cache: Path | None
    quiet: bool

    def outcome(self, format: Format = Format.GIT) -> Outcome:
        """What the DAGs come to; compiled only if anything is not as it was.

        Raises:
            AdfExportError: DAG files cannot be read.
        """
        readings = self._readings()
        kept = Kept(self.cache, root_of(self.paths), self.environment, format) if self.cache else None
        found = kept.get(readings, Outcome) if kept else None
        if found is None:
            found = _compiled(readings, self.environment, format)
            if kept:
                kept.put(readings, found)
        return Outcome(report=self._placed(found.report), files=found.files)

    def session(self) -> tuple["Session", Report]:
        """All that is known of the DAGs, and the report of it.

        Raises:
            AdfExportError: DAG files cannot be read.
        """
        from adf_export.report.build import report_of
        from adf_export.session import compile_readings

        session = compile_readings(self._readings(), self.environment)
        return session, self._placed(report_of(session))

    def _readings(self) -> tuple[Reading, ...]:
        with progress(quiet=self.quiet) as tell:
            readings = read_dags(self.paths, root=root_of(self.paths), cache=self.cache, progress=tell)
        if not readings:
            raise AdfExportError("there is no DAG file", place=", ".join(map(str, self.paths)))
        return readings

    def _placed(self, report: Report) -> Report:
        """Files are named as from the current folder."""
        return msgspec.structs.replace(report, folder=_from_here(root_of(self.paths)))


def work(paths: list[Path] | None, env: Path | None, cache: Path | None, *, no_cache: bool, quiet: bool) -> Work:
    """What the options of a command say.

    Raises:
        AdfExportError: a path or the environment file cannot be read.
    """
    given = tuple(paths or DEFAULT_PATHS)
    for path in given:
        if not path.exists():
            raise AdfExportError("there is no such file or folder", place=str(path))
    return Work(
        paths=given,
        environment=read_environment(env) if env else Environment(),
        cache=None if no_cache else _writable(cache),
        quiet=quiet,
    )


def _writable(cache: Path | None) -> Path | None:
    """The folder of the cache; None: there is no folder for it, as where the home is read-only.

    Raises:
        AdfExportError: the folder that was asked for cannot be written.
    """
    folder = cache or default_cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if cache:
            summary = f"cannot make the folder of the cache: {error.strerror}"
            raise AdfExportError(summary, place=str(cache), remedy="name another one, or use --no-cache") from error
        return None
    return folder if os.access(folder, os.W_OK) else None


def _compiled(readings: tuple[Reading, ...], environment: Environment, format: Format) -> Outcome:
    from adf_export.backends.formats import FORMATS
    from adf_export.report.build import report_of
    from adf_export.session import compile_readings

    session = compile_readings(readings, environment, format=format.value)
    writable = session.exported and not session.blocked
    return Outcome(report=report_of(session), files=FORMATS[format.value](session.factory) if writable else {})


def _from_here(folder: Path) -> str:
    """A path from the current folder, with forward slashes; the whole one where it is not below."""
    path = os.path.relpath(folder)
    return (str(folder) if path.startswith("..") else path).replace(os.sep, "/")

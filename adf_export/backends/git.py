"""Writes a factory as a folder in Data Factory's Git layout, and removes what an earlier export wrote there.

What was written is listed in a file beside the documents: nothing else is ever removed.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from adf_export.backends.documents import Kind, documents, text
from adf_export.backends.source_map import SOURCE_MAP, source_map
from adf_export.errors import AdfExportError
from adf_export.ir.factory import Factory

MANIFEST: Final = ".adf-export.json"
_VERSION: Final = 1


class OutputError(AdfExportError):
    """The output folder cannot be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an export did to the folder; paths are relative to it, sorted."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


def git_files(factory: Factory) -> dict[str, str]:
    """Path -> text of all files of the folder, but for the list of them."""
    return {**documents(factory), SOURCE_MAP: text(source_map(factory))}


def write(factory: Factory, folder: Path) -> Written:
    """Writes the folder; files that would not change are not touched.

    Raises:
        OutputError: the folder cannot be written, or its list of files is none of ours.
    """
    return write_files(git_files(factory), folder)


def write_files(files: Mapping[str, str], folder: Path) -> Written:
    """Writes files with these texts, removes those of the export before that are not among them.

    Raises:
        OutputError: the folder cannot be written, or its list of files is none of ours.
    """
    try:
        before = _read_manifest(folder)
        changed = [path for path, content in files.items() if _write(folder / path, content)]
        removed = [path for path in before if path not in files and _remove(folder / path)]
        _write(folder / MANIFEST, text({"version": _VERSION, "files": sorted(files)}))
    except OSError as error:
        raise OutputError(f"cannot write the output: {error.strerror}", place=str(error.filename or folder)) from error
    return Written(
        written=tuple(sorted(changed)),
        unchanged=tuple(sorted(set(files) - set(changed))),
        removed=tuple(sorted(removed)),
    )


def _read_manifest(folder: Path) -> tuple[str, ...]:
    """The files of the export before.

    Raises:
        OutputError: it cannot be understood, or it names a file that no export writes.
    """
    path = folder / MANIFEST
    if not path.exists():
        return ()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        version, files = found["version"], tuple(found["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError(
            "the list of exported files cannot be read", place=str(path), remedy="remove it, and old documents by hand"
        ) from error
    if version != _VERSION:
        raise OutputError(f"the list of exported files has version {version}, this is {_VERSION}", place=str(path))
    for file in files:
        if not _is_ours(file):
            raise OutputError(f"the list of exported files names '{file}', which no export writes", place=str(path))
    return files


def _is_ours(file: object) -> bool:
    if not isinstance(file, str):
        return False
    parts = PurePosixPath(file).parts
    is_document = len(parts) == 2 and parts[0] in tuple(Kind)
    return ".." not in parts and "\\" not in file and file.endswith(_ENDINGS) and (is_document or len(parts) == 1)


_ENDINGS: Final = (".json", ".bicep", ".bicepparam")


def _write(path: Path, content: str) -> bool:
    """Whether the file was changed; it is there whole or as it was, at any moment."""
    wanted = content.encode("utf-8")
    if path.is_file() and path.read_bytes() == wanted:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(wanted)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True


def _remove(path: Path) -> bool:
    if not path.is_file():
        return False
    path.unlink()
    if not any(path.parent.iterdir()):
        path.parent.rmdir()
    return True

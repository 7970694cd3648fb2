"""Maps workspace paths such as /Shared/adf-export/jobs/bronze to files of mounted local folders."""

import difflib
import posixpath
from collections.abc import Mapping
from pathlib import Path

from local_azure.databricks.errors import DatabricksError

NOTEBOOK_HEADS = {".py": "# Databricks notebook source", ".sql": "-- Databricks notebook source"}


class ResourceDoesNotExistError(DatabricksError):
    """Nothing in the workspace has that path."""


class Workspace:
    """The mounted folders."""

    def __init__(self, mounts: Mapping[str, Path]) -> None:
        # The longest prefix first: a mount may lie in another one.
        self._mounts = sorted(
            ((_absolute(prefix), folder.resolve()) for prefix, folder in mounts.items()),
            key=lambda mount: -len(mount[0]),
        )

    def notebook(self, path: str) -> Path:
        """The file of a notebook; like Databricks, its workspace path has no extension."""
        for root, base in self._candidates(path):
            for suffix in NOTEBOOK_HEADS:
                file = _inside(root, base.with_name(base.name + suffix), path)
                if file.is_file() and is_notebook(file):
                    return file
        raise ResourceDoesNotExistError(f"RESOURCE_DOES_NOT_EXIST: Notebook not found: {path}.{self._remedy(path)}")

    def file(self, path: str) -> Path:
        """A workspace file, extension included."""
        for root, base in self._candidates(path):
            file = _inside(root, base, path)
            if file.is_file():
                return file
        raise ResourceDoesNotExistError(f"RESOURCE_DOES_NOT_EXIST: File not found: {path}.{self._remedy(path)}")

    def path_of(self, file: Path) -> str:
        """The workspace path of a mounted notebook's file."""
        for prefix, root in self._mounts:
            if file.is_relative_to(root):
                return posixpath.join(prefix, file.relative_to(root).with_suffix("").as_posix())
        raise ResourceDoesNotExistError(f"RESOURCE_DOES_NOT_EXIST: {file} is in no mounted folder")

    def _candidates(self, path: str) -> list[tuple[Path, Path]]:
        wanted = _absolute(path)
        return [
            (root, root / wanted[len(prefix) :].lstrip("/"))
            for prefix, root in self._mounts
            if wanted.startswith(prefix.rstrip("/") + "/")
        ]

    def _remedy(self, path: str) -> str:
        """What exists nearby."""
        wanted = _absolute(path)
        known = [
            posixpath.join(prefix, file.relative_to(root).with_suffix("").as_posix())
            for prefix, root in self._mounts
            for suffix in NOTEBOOK_HEADS
            for file in sorted(root.rglob(f"*{suffix}"))
            if not any(part.startswith(".") for part in file.relative_to(root).parts)
            and file.resolve().is_relative_to(root)
            and is_notebook(file)
        ]
        stem, extension = posixpath.splitext(wanted)
        if extension in NOTEBOOK_HEADS and stem in known:
            return f" A notebook's path has no extension: did you mean {stem}?"
        for _, base in self._candidates(path):
            for suffix in NOTEBOOK_HEADS:
                if base.with_name(base.name + suffix).is_file():
                    head = NOTEBOOK_HEADS[suffix]
                    return f" {base.name}{suffix} is there but is a file: a notebook starts with the line '{head}'."
        if not known:
            places = ", ".join(f"{prefix} = {root}" for prefix, root in self._mounts) or "nothing is mounted"
            return f" There is no notebook in the workspace ({places})."
        nearest = difflib.get_close_matches(wanted, known, n=5, cutoff=0.5)
        same_folder = [name for name in known if posixpath.dirname(name) == posixpath.dirname(wanted)]
        return f" Nearby: {', '.join(nearest or same_folder[:5] or known[:5])}."


def is_notebook(file: Path) -> bool:
    """Whether a file is a notebook in Databricks' source format."""
    with file.open(encoding="utf-8", errors="replace") as stream:
        return stream.readline().rstrip() == NOTEBOOK_HEADS[file.suffix]


def _absolute(path: str) -> str:
    """A normalised workspace path; /Workspace in front is optional, as on Databricks."""
    if not path.startswith("/"):
        raise ResourceDoesNotExistError(
            f"RESOURCE_DOES_NOT_EXIST: {path!r} is not a workspace path: one starts with '/', e.g. /Shared/jobs/bronze."
        )
    parts = path.split("/")
    if ".." in parts:
        raise ResourceDoesNotExistError(f"RESOURCE_DOES_NOT_EXIST: the workspace path {path!r} has '..' in it.")
    if "\0" in path:
        raise ResourceDoesNotExistError("RESOURCE_DOES_NOT_EXIST: the workspace path has a NUL character in it.")
    normal = "/" + "/".join(part for part in parts if part not in ("", "."))
    return normal.removeprefix("/Workspace") if normal.startswith("/Workspace/") else normal


def _inside(root: Path, file: Path, path: str) -> Path:
    """The file itself, unless a symbolic link leads out of the mount."""
    if not file.resolve().is_relative_to(root):
        raise ResourceDoesNotExistError(
            f"RESOURCE_DOES_NOT_EXIST: {path} is a link that leads out of the mounted folder {root}."
        )
    return file

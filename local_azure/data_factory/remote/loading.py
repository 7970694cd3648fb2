"""Loads a folder into a factory: documents one by one, each after those that it refers to, every outcome reported."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from local_azure.data_factory.errors import Problem
from local_azure.data_factory.remote.api import FactoryApi, RestError
from local_azure.data_factory.remote.folder import KINDS, Document, Folder, LeftOut, files_of, read_folder

Json = Any

# Only these of a factory's own file are the factory's; the rest (repository, name) is not what runs.
_FACTORY_KEYS = ("identity", "location", "tags")
_LOCATION = "local"
_WATCH_SECONDS = 0.5
# A file's identity: path, time of change in nanoseconds, size.
Stamp = Mapping[Path, tuple[int, int]]


class Outcome(StrEnum):
    """What became of a file."""

    LOADED = "loaded"
    # The service or we found something wrong in it.
    REFUSED = "refused"
    # Something that it refers to was refused.
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One file and what became of it."""

    # Relative to the folder: pipeline/daily.json.
    file: str
    kind: str
    name: str
    outcome: Outcome
    problems: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All files of a folder and what became of them."""

    folder: Path
    factory: str
    files: Sequence[Loaded]
    left_out: Sequence[LeftOut]

    @property
    def clean(self) -> bool:
        return all(file.outcome is Outcome.LOADED for file in self.files)

    def of(self, outcome: Outcome) -> list[Loaded]:
        """The files with this outcome."""
        return [file for file in self.files if file.outcome is outcome]


def load(api: FactoryApi, root: Path) -> Report:
    """Loads all that the folder holds."""
    return load_documents(api, root, read_folder(root))


def load_documents(api: FactoryApi, root: Path, folder: Folder) -> Report:
    """Loads what was read; what was already found wrong is reported and what depends on it is not tried."""
    files = [
        Loaded(
            file=_relative(fault.file, root),
            kind=fault.file.parent.name,
            name=fault.file.stem,
            outcome=Outcome.REFUSED,
            problems=(fault.problem,),
        )
        for fault in folder.faults
    ]
    bad = {(loaded.kind, loaded.name.lower()): loaded.file for loaded in files}
    for document in folder.documents:
        loaded = _load(api, root, document, bad)
        if loaded.outcome is not Outcome.LOADED:
            bad[document.key] = loaded.file
        files.append(loaded)
    return Report(folder=root, factory=api.target.factory.name, files=files, left_out=folder.left_out)


def _load(api: FactoryApi, root: Path, document: Document, bad: Mapping[tuple[str, str], str]) -> Loaded:
    outcome, problems = (
        Outcome.LOADED,
        tuple(
            Problem(path="$", message=f"it refers to {kind} '{name}', which was not loaded: {bad[kind, name]}")
            for kind, name in sorted(document.needs & bad.keys())
        ),
    )
    if problems:
        outcome = Outcome.NOT_TRIED
    else:
        problems = _put(api, document)
        if problems:
            outcome = Outcome.REFUSED
    file = _relative(document.file, root)
    return Loaded(file=file, kind=document.kind, name=document.name, outcome=outcome, problems=problems)


def _put(api: FactoryApi, document: Document) -> tuple[Problem, ...]:
    """Why the service refuses it; nothing when it does not."""
    try:
        if document.kind == "factory":
            api.put_factory(_factory_body(api, document))
        else:
            api.put(KINDS[document.kind], document.name, document.body["properties"])
    except RestError as error:
        if error.status in (401, 403) or error.status >= 500:
            raise
        return error.problems or (Problem(path="$", message=str(error)),)
    return ()


def _factory_body(api: FactoryApi, document: Document) -> dict[str, Json]:
    """The global parameters and what else of the file is the factory's; the factory keeps its place."""
    known = api.factory() or {}
    body = {key: document.body[key] for key in _FACTORY_KEYS if key in document.body}
    body["location"] = known.get("location") or body.get("location") or _LOCATION
    parameters = (document.body.get("properties") or {}).get("globalParameters")
    body["properties"] = {"globalParameters": parameters} if parameters else {}
    return body


def _relative(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix()


# -- watching ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to the folder since it was looked at last."""

    report: Report | None
    deleted: Sequence[str]


def stamp(root: Path) -> Stamp:
    """The state of all files, to be compared with a later one."""
    found: dict[Path, tuple[int, int]] = {}
    for kind in KINDS:
        for file in files_of(root, kind):
            try:
                status = file.stat()
            except FileNotFoundError:
                continue
            found[file] = (status.st_mtime_ns, status.st_size)
    return found


def watch(
    api: FactoryApi, root: Path, report: Report, before: Stamp, *, pause: Callable[[float], None] = time.sleep
) -> Iterator[Change]:
    """Reloads changed files for ever, and with them those that were not loaded so far."""
    while True:
        pause(_WATCH_SECONDS)
        after = stamp(root)
        if after == before:
            continue
        changed = {file for file, state in after.items() if before.get(file) != state}
        deleted = [_relative(file, root) for file in sorted(before.keys() - after.keys())]
        before = after
        again = {root / file.file for file in report.files if file.outcome is not Outcome.LOADED}
        partial = _only(read_folder(root), changed | again) if changed else None
        if partial is not None:
            report = load_documents(api, root, partial)
        yield Change(report=report if partial is not None else None, deleted=deleted)


def _only(folder: Folder, files: set[Path]) -> Folder:
    return Folder(
        documents=[document for document in folder.documents if document.file in files],
        faults=folder.faults,
        left_out=(),
    )

"""Reads the Git folder of a factory (pipeline/, dataset/, linkedService/, trigger/, factory/) into documents."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_azure.data_factory.errors import Problem
from local_azure.errors import LocalAzureError

Json = Any

# Folder of the Git layout -> segment of the REST path, in the order of which may refer to which.
KINDS: Mapping[str, str] = {
    "factory": "",
    "linkedService": "linkedservices",
    "dataset": "datasets",
    "pipeline": "pipelines",
    "trigger": "triggers",
}
# What a folder may hold besides, and why it is left out.
LEFT_OUT: Mapping[str, str] = {
    "credential": "the one local identity takes the place of all credentials",
    "dataflow": "data flows are not executed locally",
    "integrationRuntime": "this machine takes the place of all integration runtimes",
    "managedPrivateEndpoint": "there is no network between the local services",
    "managedVirtualNetwork": "there is no network between the local services",
}
# `type` of a reference -> the folder that its document stands in.
_REFERENCES: Mapping[str, str] = {
    "DatasetReference": "dataset",
    "LinkedServiceReference": "linkedService",
    "PipelineReference": "pipeline",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file of the folder."""

    file: Path
    # A key of KINDS.
    kind: str
    name: str
    body: Mapping[str, Json]
    # Documents that it refers to: kind and name in small letters.
    needs: frozenset[tuple[str, str]] = frozenset()

    @property
    def key(self) -> tuple[str, str]:
        """What it is referred to by."""
        return self.kind, self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A file that cannot be read as a document."""

    file: Path
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Files that are not loaded on purpose."""

    folder: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What was read: documents in an order in which each comes after those that it refers to."""

    documents: Sequence[Document]
    faults: Sequence[Fault]
    left_out: Sequence[LeftOut]


def read_folder(root: Path) -> Folder:
    """Reads all files; an error only when this is no factory's folder at all."""
    if not root.is_dir():
        raise LocalAzureError(f"{root} is not a folder")
    documents: dict[tuple[str, str], Document] = {}
    faults: list[Fault] = []
    for kind in KINDS:
        for file in files_of(root, kind):
            found = _read(file, kind)
            if isinstance(found, Document) and found.key in documents:
                twin = documents[found.key].file
                found = _fault(file, "$.name", f"{twin.name} has a {kind} of the name '{found.name}' already")
            if isinstance(found, Fault):
                faults.append(found)
            else:
                documents[found.key] = found
    left_out = [
        LeftOut(folder=kind, count=count, reason=reason)
        for kind, reason in LEFT_OUT.items()
        if (count := len(files_of(root, kind)))
    ]
    if not (documents or faults or left_out):
        raise LocalAzureError(
            f"{root} holds no factory: expected folders {', '.join(KINDS)} with a JSON file for each document"
        )
    return Folder(documents=in_order(documents), faults=faults, left_out=left_out)


def files_of(root: Path, kind: str) -> list[Path]:
    """The files of a kind, by name."""
    return sorted(file for file in (root / kind).glob("*.json") if file.is_file())


def in_order(documents: Mapping[tuple[str, str], Document]) -> list[Document]:
    """Each document after those that it refers to; in a circle of references the one with the first name leads."""
    order: dict[tuple[str, str], Document] = {}
    # A stack of our own: chains of pipelines may be longer than Python's.
    for key in documents:
        stack, entered = [key], {key}
        while stack:
            needs = documents[stack[-1]].needs
            waits_for = [need for need in needs if need in documents and need not in order and need not in entered]
            if waits_for:
                following = min(waits_for)
                stack.append(following)
                entered.add(following)
            else:
                done = stack.pop()
                order.setdefault(done, documents[done])
    return list(order.values())


def _read(file: Path, kind: str) -> Document | Fault:
    try:
        # The authoring UI writes no byte order mark, but editors do.
        body = json.loads(file.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        return _fault(file, f"line {error.lineno}, column {error.colno}", f"this is not JSON: {error.msg}")
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        return _fault(file, "$", f"cannot be read: {error}")
    if not isinstance(body, dict):
        return _fault(file, "$", "expected an object with 'name' and 'properties'")
    name = body.get("name", file.stem)
    if not isinstance(name, str) or not name:
        return _fault(file, "$.name", "expected a text that is not empty")
    if kind != "factory" and not isinstance(body.get("properties"), dict):
        return _fault(file, "$.properties", "expected an object")
    return Document(file=file, kind=kind, name=name, body=body, needs=frozenset(_references(body)))


def _references(value: Json) -> Iterator[tuple[str, str]]:
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            name, kind = value.get("referenceName"), value.get("type")
            if isinstance(name, str) and isinstance(kind, str) and kind in _REFERENCES:
                yield _REFERENCES[kind], name.lower()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _fault(file: Path, path: str, message: str) -> Fault:
    return Fault(file=file, problem=Problem(path=path, message=message))

"""What a rule looks at: one document, what the walk found in it, its activities, and the factory around it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from adf_export.backends.documents import Document, Kind
from adf_export.codes import INVALID_DOCUMENT, LIMIT_EXCEEDED, Code
from adf_export.validate.limits import Limit
from adf_export.validate.paths import Path
from adf_export.validate.shape import Shape

Json: TypeAlias = Any
# Properties of containers that hold activities.
SLOTS = ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong at a place of a document."""

    path: Path
    what: str
    code: Code = INVALID_DOCUMENT
    hint: str = ""


Found: TypeAlias = Iterable[Problem]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scope:
    """A list of activities: those of a pipeline, or of one slot of a container."""

    # None: the pipeline's own list.
    container: "Step | None"
    # By name in small letters.
    steps: dict[str, "Step"] = field(default_factory=dict)

    def find(self, name: str) -> "Step | None":
        return self.steps.get(name.lower())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """An activity of the document."""

    name: str
    type: str
    path: Path
    json: Mapping[str, Json]
    scope: Scope
    # The lists of activities inside of it, one for each slot.
    inner: list[Scope] = field(default_factory=list)

    @property
    def properties(self) -> Mapping[str, Json]:
        found: Mapping[str, Json] = self.json.get("typeProperties", {})
        return found

    def edges(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """(upstream activity, conditions)"""
        return tuple(
            (edge["activity"], frozenset(edge["dependencyConditions"])) for edge in self.json.get("dependsOn", ())
        )

    def around(self) -> "Iterator[Step]":
        """The containers that it stands in, the nearest first."""
        container = self.scope.container
        while container is not None:
            yield container
            container = container.scope.container


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A document under validation."""

    document: Document
    shape: Shape
    # All documents of the factory, by kind and by name in small letters.
    factory: Mapping[Kind, Mapping[str, Document]]
    # Pipelines that the factory has besides, in small letters.
    outside: frozenset[str]
    # Activities in their order, a container before its content; empty for what is no pipeline.
    steps: tuple[Step, ...]
    scopes: tuple[Scope, ...]
    by_path: Mapping[Path, Step]

    def find(self, kind: Kind, name: str) -> Document | None:
        return self.factory[kind].get(name.lower())

    def step_at(self, path: Path) -> Step | None:
        """The innermost activity around a place."""
        for length in range(len(path), 0, -1):
            found = self.by_path.get(path[:length])
            if found is not None:
                return found
        return None


def subject_of(
    document: Document, shape: Shape, factory: Mapping[Kind, Mapping[str, Document]], outside: frozenset[str]
) -> Subject:
    scopes: list[Scope] = []
    steps: list[Step] = []
    if document.kind is Kind.PIPELINE:
        _collect(document.properties.get("activities", []), ("properties", "activities"), None, scopes, steps)
    return Subject(
        document=document,
        shape=shape,
        factory=factory,
        outside=outside,
        steps=tuple(steps),
        scopes=tuple(scopes),
        by_path={step.path: step for step in steps},
    )


def _collect(listed: Json, path: Path, container: Step | None, scopes: list[Scope], steps: list[Step]) -> None:
    scope = Scope(container=container)
    scopes.append(scope)
    if container is not None:
        container.inner.append(scope)
    for index, json in enumerate(listed):
        step = Step(name=json["name"], type=json["type"], path=(*path, index), json=json, scope=scope)
        scope.steps[step.name.lower()] = step
        steps.append(step)
        for inner, activities in _slots(step.properties):
            _collect(activities, (*step.path, "typeProperties", *inner), step, scopes, steps)


def _slots(properties: Mapping[str, Json]) -> Iterator[tuple[Path, Json]]:
    for key, value in properties.items():
        if key in SLOTS:
            yield (key,), value
        elif key == "cases":
            for index, case in enumerate(value):
                yield (key, index, "activities"), case["activities"]


def over(limit: Limit, count: int, path: Path, *, hint: str = "") -> Found:
    """The problem of a limit that is exceeded, if it is."""
    if limit.exceeded(count):
        yield Problem(path=path, what=limit.words(count), code=LIMIT_EXCEEDED, hint=hint)

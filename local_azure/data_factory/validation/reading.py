"""Reads a pipeline that may be wrong into its activities, as far as they can be told; rules walk over these."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from local_azure.data_factory.validation.paths import Path

Json = Any

# Container -> the properties that hold activities; a Switch has its cases too.
BRANCHES = {
    "ForEach": ("activities",),
    "IfCondition": ("ifTrueActivities", "ifFalseActivities"),
    "Switch": ("defaultActivities",),
    "Until": ("activities",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One entry of `dependsOn`."""

    path: Path
    activity: str


class Activity:
    """One activity, with the list it stands in."""

    def __init__(self, path: Path, document: Mapping[str, Json], scope: "Scope") -> None:
        self.path = path
        self.document = document
        self.scope = scope
        self.name: str = document["name"]
        self.type: str = document["type"] if isinstance(document.get("type"), str) else ""
        outer = scope.container
        # Data Factory does not validate what is inactive, nor what is inside of it.
        self.active: bool = not is_inactive(document) and (outer is None or outer.active)
        # Whether item() has a meaning in it.
        self.in_loop: bool = outer is not None and (outer.in_loop or outer.type == "ForEach")

    @property
    def properties(self) -> Mapping[str, Json]:
        """`typeProperties`, empty where it is none."""
        found = self.document.get("typeProperties")
        return found if isinstance(found, dict) else {}

    @cached_property
    def edges(self) -> Sequence[Edge]:
        """What it depends on."""
        found = self.document.get("dependsOn")
        return [
            Edge(path=(*self.path, "dependsOn", index), activity=entry["activity"])
            for index, entry in enumerate(found if isinstance(found, list) else ())
            if isinstance(entry, dict) and isinstance(entry.get("activity"), str)
        ]

    @cached_property
    def upstream(self) -> frozenset[str]:
        """The activities that are final when it runs: those it depends on, through others too, and its container's."""
        found = set(self.scope.container.upstream) if self.scope.container is not None else set()
        pending = [edge.activity.lower() for edge in self.edges]
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            above = self.scope.by_name.get(name)
            if name in seen or above is None:
                continue
            seen.add(name)
            found.add(above.name)
            if above.type == "Until":
                # Templates of Azure/Azure-DataFactory read the last iteration so, after the loop.
                found.update(activity.name for activity in above.inner())
            if "upstream" in above.__dict__:
                found |= above.upstream
            else:
                pending.extend(edge.activity.lower() for edge in above.edges)
        found.discard(self.name)
        return frozenset(found)

    def inner(self) -> Iterator["Activity"]:
        """The activities inside of it, at any depth."""
        for scope in self.scopes:
            for activity in scope.activities:
                yield activity
                yield from activity.inner()

    @cached_property
    def scopes(self) -> Sequence["Scope"]:
        """The lists of activities that it holds."""
        keys = BRANCHES.get(self.type, ())
        base = (*self.path, "typeProperties")
        found = [Scope((*base, key), self.properties[key], self) for key in keys if key in self.properties]
        cases = self.properties.get("cases") if self.type == "Switch" else None
        for index, case in enumerate(cases if isinstance(cases, list) else ()):
            if isinstance(case, dict):
                found.append(Scope((*base, "cases", index, "activities"), case.get("activities"), self))
        return found


class Scope:
    """One list of activities: of the pipeline, or of a branch."""

    def __init__(self, path: Path, documents: Json, container: Activity | None) -> None:
        self.path = path
        # None: the activities of the pipeline itself.
        self.container = container
        self.activities: Sequence[Activity] = [
            Activity((*path, index), document, self)
            for index, document in enumerate(documents if isinstance(documents, list) else ())
            if isinstance(document, dict) and isinstance(document.get("name"), str)
        ]
        self.by_name = {activity.name.lower(): activity for activity in self.activities}


class Pipeline:
    """The activities of a pipeline."""

    def __init__(self, properties: Mapping[str, Json]) -> None:
        self.properties = properties
        root = Scope(("properties", "activities"), properties.get("activities"), None)
        self.activities: list[Activity] = []
        self.scopes: list[Scope] = []
        pending = [root]
        while pending:
            scope = pending.pop(0)
            self.scopes.append(scope)
            for activity in scope.activities:
                self.activities.append(activity)
                pending.extend(activity.scopes)
        self.by_path = {activity.path: activity for activity in self.activities}

    def declared(self, word: str) -> Mapping[str, Json]:
        """`parameters` or `variables`, empty where they are none."""
        return declared(self.properties, word)


def declared(properties: Mapping[str, Json], word: str = "parameters") -> Mapping[str, Json]:
    """What a document declares; declarations that are no objects are left out."""
    found = properties.get(word)
    return {key: item for key, item in found.items() if isinstance(item, dict)} if isinstance(found, dict) else {}


def is_inactive(document: Mapping[str, Json]) -> bool:
    """Whether an activity is switched off."""
    state = document.get("state")
    return isinstance(state, str) and state.lower() == "inactive"

"""Runs a compiled DAG in the local Data Factory, with every outcome of its tasks.

The documents are those that the compiler writes, read back from their texts. Activities of tasks take injected results
and random times; gates, helpers, containers and the outcome of the run are executed. Runs are kept in memory.
"""

import json
import random
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from math import prod
from typing import Any

import httpx

from adf_export.backends.documents import Kind, documents
from adf_export.ir.factory import Factory
from adf_proof.shape import FAILED, Outcome, Result, Shape
from adf_proof.subject import Subject
from local_azure.data_factory.activities import TYPES
from local_azure.data_factory.choices import LeafReading
from local_azure.data_factory.documents import read_activities
from local_azure.data_factory.engine import Engine
from local_azure.data_factory.injection import Injection, Injections
from local_azure.data_factory.outcome import deciding_failure
from local_azure.data_factory.records import ActivityRun, ActivityStatus, FactoryId, PipelineRun, RunStatus
from local_azure.data_factory.services import EndpointMap, Services
from local_azure.data_factory.virtual_time import VirtualTimeLoop, run_stepped

Json = Any
_FACTORY = FactoryId(subscription="proof", resource_group="proof", name="proof")
# The longest that an activity takes, in seconds.
_LONGEST = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run in Data Factory."""

    # What each task was told to do.
    given: Mapping[str, Outcome]
    result: Result
    # Whether the run succeeds, by each reading of what a skipped leaf means.
    readings: Mapping[LeafReading, bool]

    @property
    def certain(self) -> bool:
        """Whether all readings give the same."""
        return len(set(self.readings.values())) == 1


class Memory:
    """Keeps runs as long as they are looked at."""

    def __init__(self) -> None:
        self._runs: dict[str, PipelineRun] = {}
        self._activities: dict[str, dict[str, ActivityRun]] = {}
        self._memory: dict[str, dict[str, Json]] = {}

    def forget(self) -> None:
        for kept in (self._runs, self._activities, self._memory):
            kept.clear()

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()

    def save_run(self, run: PipelineRun) -> None:
        self._runs[run.run_id] = run

    def run(self, run_id: str) -> PipelineRun | None:
        return self._runs.get(run_id)

    def runs_of_group(self, factory: str, group_id: str) -> Sequence[PipelineRun]:
        return [run for run in self._runs.values() if run.group_id == group_id]

    def unfinished_runs(self) -> Sequence[PipelineRun]:
        return [run for run in self._runs.values() if not run.status.final]

    def save_activities(self, runs: Iterable[ActivityRun]) -> None:
        for run in runs:
            self._activities.setdefault(run.run_id, {})[run.activity_run_id] = run

    def activities(self, run_id: str) -> Sequence[ActivityRun]:
        return list(self._activities.get(run_id, {}).values())

    def all_activities(self) -> Iterator[ActivityRun]:
        return (run for runs in self._activities.values() for run in runs.values())

    def remember(self, run_id: str, key: str, value: Json) -> None:
        self._memory.setdefault(run_id, {})[key] = value

    def memory(self, run_id: str) -> Mapping[str, Json]:
        return self._memory.get(run_id, {})

    def seal(self, text: str) -> str:
        return text

    def unseal(self, sealed: str) -> str:
        return sealed


@dataclass(frozen=True, slots=True)
class Written:
    """The documents of a factory, read back from their texts."""

    by_kind: Mapping[str, Mapping[str, Mapping[str, Json]]]
    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, factory: Factory) -> "Written":
        kinds: dict[str, dict[str, Mapping[str, Json]]] = {kind: {} for kind in Kind}
        names: dict[str, str] = {}
        for path, text in documents(factory).items():
            document = json.loads(text)
            names[document["name"].lower()] = document["name"]
            kinds[path.partition("/")[0]][document["name"].lower()] = document["properties"]
        return cls(kinds, names)

    def pipeline(self, factory: str, name: str) -> tuple[str, Mapping[str, Json]] | None:
        found = self.by_kind[Kind.PIPELINE].get(name.lower())
        return None if found is None else (self.names[name.lower()], found)

    def dataset(self, factory: str, name: str) -> Mapping[str, Json] | None:
        return self.by_kind[Kind.DATASET].get(name.lower())

    def linked_service(self, factory: str, name: str) -> Mapping[str, Json] | None:
        return self.by_kind[Kind.LINKED_SERVICE].get(name.lower())

    def global_parameters(self, factory: str) -> Mapping[str, Json]:
        (found,) = self.by_kind[Kind.FACTORY].values()
        return {name: one["value"] for name, one in found.get("globalParameters", {}).items()}

    def factory_name(self, factory: str) -> str:
        return _FACTORY.name


@cache
def _client() -> httpx.AsyncClient:
    """Every call is injected: this one is never used."""
    return httpx.AsyncClient(verify=False)


async def _no_token(resource: str) -> str:
    raise AssertionError(f"a token for {resource} was asked for")


def runs_of(subject: Subject, cases: "Cases") -> list[Ran]:
    """The runs of a compiled DAG that the cases ask for."""

    async def main(loop: VirtualTimeLoop) -> list[Ran]:
        bench = _Bench(subject, loop, random.Random(cases.seed))
        return [ran async for ran in cases.follow(subject, bench)]

    return run_stepped(main)


class _Bench:
    """One engine, for all runs of one DAG."""

    def __init__(self, subject: Subject, loop: VirtualTimeLoop, chance: random.Random) -> None:
        self._subject = subject
        self._store = Memory()
        services = Services(http=_client(), endpoints=EndpointMap(), token=_no_token, now=loop.now)
        self._documents = Written.of(subject.factory)
        self._engine = Engine(self._store, self._documents, services, self._store, TYPES)
        self._random = chance
        found = self._documents.pipeline("", subject.pipeline)
        assert found is not None
        self._activities = read_activities(found[1]["activities"])
        self._task_of = {step: task for task, steps in subject.steps.items() for step in steps}

    async def run(self, given: Mapping[str, Outcome]) -> Ran:
        """One run."""
        self._store.forget()
        created = self._engine.create_run(
            _FACTORY,
            self._subject.pipeline,
            self._subject.parameters(given),
            injections=Injections(dict(self._injections(given))),
        )
        ended = await self._engine.finished(created.run_id)
        statuses = {record.name: record.status for record in self._store.activities(created.run_id)}
        readings = {reading: deciding_failure(self._activities, statuses, reading) is None for reading in LeafReading}
        did = tuple(self._did(node.name, given) for node in self._subject.shape.nodes)
        return Ran(given=given, result=Result(did, ended.status is RunStatus.SUCCEEDED), readings=readings)

    def _injections(self, given: Mapping[str, Outcome]) -> Iterator[tuple[str, Sequence[Injection]]]:
        for task, steps in self._subject.steps.items():
            if task in self._subject.containers:
                continue
            failing = self._random.choice(steps) if given[task] == FAILED else None
            for step in steps:
                code = "Injected" if step == failing else ""
                yield step, [Injection(error_code=code, seconds=self._random.randrange(1, _LONGEST))]

    def _did(self, task: str, given: Mapping[str, Outcome]) -> Outcome | None:
        """What a task did: where an activity of it did not do as it was told the result is no outcome of it."""
        ended = [
            record.status
            for record in self._store.all_activities()
            if self._task_of.get(record.name) == task and record.status is not ActivityStatus.SKIPPED
        ]
        if not ended:
            return None
        if task in self._subject.containers:
            # It fails where what it holds fails.
            return given[task]
        failed = ActivityStatus.FAILED in ended
        return given[task] if failed is (given[task] == FAILED) else Outcome(f"unlike what it was told: {ended}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Which outcomes are tried: all where there are few, else a sample."""

    most: int = 100_000
    seed: int = 0

    def complete(self, shape: Shape) -> bool:
        """Whether all outcomes of all tasks are tried."""
        return prod(len(choices) for choices in shape.outcomes.values()) <= self.most

    async def follow(self, subject: Subject, bench: _Bench) -> AsyncIterator[Ran]:
        """The runs that differ: what a task would do that does not run makes no difference."""
        shape = subject.shape
        if not self.complete(shape):
            for given in self.sample(shape):
                yield await bench.run(given)
            return
        todo = [({name: choices[0] for name, choices in shape.outcomes.items()}, 0)]
        while todo:
            given, fixed = todo.pop()
            ran = await bench.run(given)
            yield ran
            for index in range(fixed, len(shape.nodes)):
                name = shape.nodes[index].name
                if ran.result.did[index] is not None:
                    todo += [({**given, name: other}, index + 1) for other in shape.outcomes[name][1:]]

    def sample(self, shape: Shape) -> Iterator[dict[str, Outcome]]:
        """Outcomes at random; success as often as all others together, so that much is run."""
        chance = random.Random(f"{self.seed} {shape}")
        for _ in range(self.most):
            yield {
                name: choices[0] if chance.random() < 0.5 else chance.choice(choices)
                for name, choices in shape.outcomes.items()
            }

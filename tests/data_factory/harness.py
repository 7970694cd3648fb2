"""Runs pipelines in a real engine on a real SQLite store, in a loop whose clock jumps."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from cryptography.fernet import Fernet

from local_azure.data_factory.activities import TYPES
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.choices import Choices
from local_azure.data_factory.engine import Engine
from local_azure.data_factory.injection import Injection, Injections
from local_azure.data_factory.records import ActivityRun, FactoryId, PipelineRun
from local_azure.data_factory.services import EndpointMap, Services
from local_azure.data_factory.store import SqlStore
from local_azure.data_factory.virtual_time import VirtualTimeLoop, run_stepped

Json = Any
FACTORY = FactoryId(subscription="s", resource_group="g", name="local")
KEY = Fernet.generate_key()
# Loading the certificates of the world takes a fifth of a second; these engines call nobody.
_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipelines:
    """The documents of one factory."""

    pipelines: Mapping[str, Mapping[str, Json]]
    globals: Mapping[str, Json] = field(default_factory=dict)

    def pipeline(self, factory: str, name: str) -> tuple[str, Mapping[str, Json]] | None:
        return next(((key, value) for key, value in self.pipelines.items() if key.lower() == name.lower()), None)

    def dataset(self, factory: str, name: str) -> Mapping[str, Json] | None:
        return None

    def linked_service(self, factory: str, name: str) -> Mapping[str, Json] | None:
        return None

    def global_parameters(self, factory: str) -> Mapping[str, Json]:
        return self.globals

    def factory_name(self, factory: str) -> str:
        return "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A run that has ended, with its records."""

    run: PipelineRun
    records: Sequence[ActivityRun]
    # How long it took, by its own clock.
    seconds: float

    def statuses(self) -> dict[str, str]:
        """The last status by key."""
        return {record.key: str(record.status) for record in self.records}

    def record(self, key: str) -> ActivityRun:
        """The last record of a key."""
        return [record for record in self.records if record.key == key][-1]

    def outputs(self) -> dict[str, Json]:
        return {record.key: record.output for record in self.records}


async def _probe(context: ActivityContext) -> dict[str, Json]:
    context.record_input(context.value("input"))
    return {"attempt": context.retry, "output": context.value("output")}


# An activity with a policy that does nothing outside: what it gives is injected, or its property `output`.
PROBE = ActivityType(
    name="Probe", run=_probe, properties=frozenset({"input", "output"}), after_restart=AfterRestart.FAIL
)
KNOWN_TYPES = {**TYPES, "Probe": PROBE}


async def _no_token(resource: str) -> str:
    raise AssertionError(f"no activity of these tests needs a token, one was asked for {resource}")


def services_of(loop: VirtualTimeLoop | None = None) -> Services:
    """Services that reach nobody."""
    client = httpx.AsyncClient(verify=_TLS)
    clock = {"now": loop.now} if loop else {}
    return Services(http=client, endpoints=EndpointMap(), token=_no_token, **clock)


def engine_on(
    store: SqlStore,
    documents: Pipelines,
    loop: VirtualTimeLoop,
    *,
    choices: Choices | None = None,
    types: Mapping[str, ActivityType] = KNOWN_TYPES,
) -> Engine:
    return Engine(store, documents, services_of(loop), store, types, choices=choices)


def activity(name: str, kind: str = "Wait", after: Sequence[str] = (), **properties: Json) -> dict[str, Json]:
    """An activity; `after` holds "Name" (Succeeded) or "Name:Failed,Skipped"."""
    depends_on = []
    for entry in after:
        upstream, _, conditions = entry.partition(":")
        depends_on.append({"activity": upstream, "dependencyConditions": (conditions or "Succeeded").split(",")})
    if kind == "Wait" and not properties:
        properties = {"waitTimeInSeconds": 1}
    outer = {key: properties.pop(key) for key in ("policy", "state", "onInactiveMarkAs") if key in properties}
    extra = {"userProperties": properties.pop("user_properties")} if "user_properties" in properties else {}
    return {"name": name, "type": kind, "dependsOn": depends_on, "typeProperties": properties, **outer, **extra}


def pipeline(*activities: dict[str, Json], **properties: Json) -> dict[str, Json]:
    return {"activities": list(activities), **properties}


def expression(text: str) -> dict[str, Json]:
    return {"value": text, "type": "Expression"}


def set_variable(name: str, variable: str, value: Json, after: Sequence[str] = ()) -> dict[str, Json]:
    return activity(name, "SetVariable", after, variableName=variable, value=value)


def inject(**results: Injection | Sequence[Injection]) -> Injections:
    return Injections({key: [value] if isinstance(value, Injection) else list(value) for key, value in results.items()})


FAILED = Injection(error_code="Injected", error_message="injected failure")
OK = Injection()


def stepped(
    folder: Path,
    documents: Pipelines,
    main: Callable[[Engine, SqlStore], Awaitable[Json]],
    *,
    choices: Choices | None = None,
    types: Mapping[str, ActivityType] = KNOWN_TYPES,
) -> Json:
    """Starts an engine, does something with it, stops it."""

    async def life(loop: VirtualTimeLoop) -> Json:
        store = SqlStore(folder / "runs.db", key=KEY)
        engine = engine_on(store, documents, loop, choices=choices, types=types)
        try:
            await engine.start()
            return await main(engine, store)
        finally:
            await engine.stop()
            await engine.services.http.aclose()
            store.close()

    return run_stepped(life)


def run(
    folder: Path,
    definition: Mapping[str, Json] | Pipelines,
    parameters: Mapping[str, Json] | None = None,
    *,
    injections: Injections | None = None,
    choices: Choices | None = None,
    rerun: Mapping[str, Json] | None = None,
) -> Done:
    """Runs the pipeline `main` to its end."""
    documents = definition if isinstance(definition, Pipelines) else Pipelines(pipelines={"main": definition})

    async def main(engine: Engine, store: SqlStore) -> Done:
        begin = asyncio.get_running_loop().time()
        created = engine.create_run(
            FACTORY, "main", parameters or {}, injections=injections or Injections(), **(rerun or {})
        )
        ended = await engine.finished(created.run_id)
        seconds = asyncio.get_running_loop().time() - begin
        return Done(run=ended, records=store.activities(created.run_id), seconds=seconds)

    found: Done = stepped(folder, documents, main, choices=choices)
    return found

"""What the Databricks activities have in common: one task as one run of the linked service's workspace."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from adf_lang.text import to_text
from adf_lang.types import type_of
from local_azure.data_factory.activities.base import ActivityContext
from local_azure.data_factory.activities.web_requests import WRONG_TYPE, timing
from local_azure.data_factory.databricks_jobs import Finished, Workspace
from local_azure.data_factory.errors import ActivityError, Problem
from local_azure.data_factory.linked_services import Databricks, resolve
from local_azure.data_factory.linked_services.base import INERT

Json = Any
# The kinds of library that Data Factory knows; which of them can be had, the workspace says.
LIBRARIES = ("cran", "egg", "jar", "maven", "pypi", "whl")
MAX_KEY = 100


async def run_task(context: ActivityContext, task: Mapping[str, Json]) -> tuple[Finished, dict[str, Json]]:
    """Runs a task; what it gave, and the output that every Databricks activity has."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    context.record_input(dict(task) | _libraries(context))
    service = await resolve(context.document.get("linkedServiceName") or {}, context, expected=Databricks)
    key = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in context.name)[:MAX_KEY]
    body = {
        "run_name": "_".join(
            ("ADF", str(context.system.get("DataFactory")), str(context.system.get("Pipeline")), context.name)
        ),
        "tasks": [{"task_key": key, **task, **_libraries(context), **service.cluster}],
        "idempotency_token": context.activity_run_id,
    }
    workspace = Workspace(service=service, services=context.services)
    finished = await workspace.run(body, context.checkpoint, context)
    return finished, {"runPageUrl": finished.page_url} | timing(started, loop.time())


def _libraries(context: ActivityContext) -> dict[str, Json]:
    found = context.value("libraries")
    if found in INERT:
        return {}
    if not isinstance(found, list):
        raise ActivityError(WRONG_TYPE, "$.typeProperties.libraries must be an array")
    return {"libraries": found}


def text_of(value: Json, place: str, name: str) -> str:
    """A parameter as Databricks takes it, which is a text."""
    if isinstance(value, dict | list):
        raise ActivityError(
            WRONG_TYPE,
            f"{place}: The value type '{type_of(value)}', in key '{name}' is not expected type 'String': use string()",
        )
    return to_text(value)


def refuse(activity: Mapping[str, Json]) -> Iterator[Problem]:
    """Refuses a missing linked service and libraries of an unknown kind."""
    if activity.get("linkedServiceName") in INERT:
        yield Problem(path="$.linkedServiceName", message="is missing: give one of type AzureDatabricks")
    libraries = (activity.get("typeProperties") or {}).get("libraries")
    for index, library in enumerate(libraries if isinstance(libraries, list) else ()):
        if not isinstance(library, Mapping) or len(library) != 1 or next(iter(library)) not in LIBRARIES:
            yield Problem(
                path=f"$.typeProperties.libraries[{index}]",
                message=f"must be an object with one of {', '.join(LIBRARIES)}",
            )

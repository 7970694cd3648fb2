"""DatabricksNotebook: runs a notebook; what it exits with is `runOutput`."""

from typing import Any

from adf_lang.json_reader import read_json
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.activities.databricks_tasks import refuse, run_task, text_of
from local_azure.data_factory.activities.values import string
from local_azure.data_factory.activities.web_requests import WRONG_TYPE
from local_azure.data_factory.databricks_jobs import FAILED, REFUSED, WRONG
from local_azure.data_factory.errors import ActivityError
from local_azure.data_factory.linked_services.base import INERT

Json = Any
MAX_RESULT = 2 * 1024 * 1024


async def run(context: ActivityContext) -> dict[str, Json]:
    """Runs the notebook with its parameters, and opens what it gives back if that is a JSON object or array."""
    path = string(context.value("notebookPath"), "notebookPath")
    if not path.startswith("/"):
        raise ActivityError(
            WRONG, f"$.typeProperties.notebookPath must be an absolute path of the workspace, but is '{path}'"
        )
    task: dict[str, Json] = {"notebook_path": path}
    parameters = _parameters(context)
    if parameters:
        task["base_parameters"] = parameters
    finished, output = await run_task(context, {"notebook_task": task})
    if finished.result is None:
        return output
    size = len(finished.result.encode(errors="replace"))
    if size > MAX_RESULT:
        raise ActivityError(FAILED, f"the notebook exits with {size} bytes; at most {MAX_RESULT} can be passed back")
    return output | {"runOutput": opened(finished.result)}


def _parameters(context: ActivityContext) -> dict[str, str]:
    given = context.value("baseParameters")
    if given in INERT:
        return {}
    if not isinstance(given, dict):
        raise ActivityError(WRONG_TYPE, "$.typeProperties.baseParameters must be an object of names and values")
    place = "$.typeProperties.baseParameters"
    found = {name: text_of(value, place, name) for name, value in given.items()}
    for name, value in found.items():
        if not value:
            raise ActivityError(
                REFUSED,
                "Could not parse request object: Expected 'key' and 'value' to be set for JSON map field "
                f"base_parameters, got 'key: \"{name}\"' instead: {place}.{name} is empty",
            )
    return found


def opened(result: str) -> Json:
    """The object or array that a text is; any other text as it is: "0" stays a text, as on Azure."""
    if not result.lstrip().startswith(("{", "[")):
        return result
    try:
        return read_json(result)
    except ValueError:
        return result


DATABRICKS_NOTEBOOK = ActivityType(
    name="DatabricksNotebook",
    run=run,
    properties=frozenset({"baseParameters", "libraries", "notebookPath"}),
    after_restart=AfterRestart.RESUME,
    refuse=refuse,
)

"""DatabricksSparkPython: runs a Python file with command line parameters."""

from typing import Any

from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart
from local_azure.data_factory.activities.databricks_tasks import refuse, run_task, text_of
from local_azure.data_factory.activities.values import array, string
from local_azure.data_factory.databricks_jobs import WRONG
from local_azure.data_factory.errors import ActivityError

Json = Any


async def run(context: ActivityContext) -> dict[str, Json]:
    """Runs the file: dbfs:/..., or an absolute path of the workspace."""
    path = string(context.value("pythonFile"), "pythonFile")
    if not path.startswith(("/", "dbfs:/")):
        raise ActivityError(
            WRONG,
            f"Invalid Python file URI: $.typeProperties.pythonFile must be an absolute path of the workspace or "
            f"begin with dbfs:/, but is '{path}'",
        )
    given = array(context.value("parameters") or [], "parameters")
    place = "$.typeProperties.parameters"
    parameters = [text_of(value, place, str(index)) for index, value in enumerate(given)]
    _, output = await run_task(context, {"spark_python_task": {"python_file": path, "parameters": parameters}})
    return output


DATABRICKS_SPARK_PYTHON = ActivityType(
    name="DatabricksSparkPython",
    run=run,
    properties=frozenset({"libraries", "parameters", "pythonFile"}),
    after_restart=AfterRestart.RESUME,
    refuse=refuse,
)

"""The activity types that are executed, one line each."""

from local_azure.data_factory.activities.append_variable import APPEND_VARIABLE
from local_azure.data_factory.activities.azure_function import AZURE_FUNCTION
from local_azure.data_factory.activities.base import ActivityType
from local_azure.data_factory.activities.copy import COPY
from local_azure.data_factory.activities.databricks_notebook import DATABRICKS_NOTEBOOK
from local_azure.data_factory.activities.databricks_spark_python import DATABRICKS_SPARK_PYTHON
from local_azure.data_factory.activities.delete import DELETE
from local_azure.data_factory.activities.execute_pipeline import EXECUTE_PIPELINE
from local_azure.data_factory.activities.fail import FAIL
from local_azure.data_factory.activities.filter import FILTER
from local_azure.data_factory.activities.for_each import FOR_EACH
from local_azure.data_factory.activities.get_metadata import GET_METADATA
from local_azure.data_factory.activities.if_condition import IF_CONDITION
from local_azure.data_factory.activities.lookup import LOOKUP
from local_azure.data_factory.activities.script import SCRIPT
from local_azure.data_factory.activities.set_variable import SET_VARIABLE
from local_azure.data_factory.activities.switch import SWITCH
from local_azure.data_factory.activities.until import UNTIL
from local_azure.data_factory.activities.validation import VALIDATION
from local_azure.data_factory.activities.wait import WAIT
from local_azure.data_factory.activities.web import WEB
from local_azure.data_factory.activities.web_hook import WEB_HOOK

TYPES: dict[str, ActivityType] = {
    "AppendVariable": APPEND_VARIABLE,
    "AzureFunctionActivity": AZURE_FUNCTION,
    "Copy": COPY,
    "DatabricksNotebook": DATABRICKS_NOTEBOOK,
    "DatabricksSparkPython": DATABRICKS_SPARK_PYTHON,
    "Delete": DELETE,
    "ExecutePipeline": EXECUTE_PIPELINE,
    "Fail": FAIL,
    "Filter": FILTER,
    "ForEach": FOR_EACH,
    "GetMetadata": GET_METADATA,
    "IfCondition": IF_CONDITION,
    "Lookup": LOOKUP,
    "Script": SCRIPT,
    "SetVariable": SET_VARIABLE,
    "Switch": SWITCH,
    "Until": UNTIL,
    "Validation": VALIDATION,
    "Wait": WAIT,
    "WebActivity": WEB,
    "WebHook": WEB_HOOK,
}

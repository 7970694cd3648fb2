"""The link from a task to the page that shows its pipeline run: the cloud's portal, or the local Data Factory's."""

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class DataFactoryPipelineRunLink(BaseOperatorLink):
    """Reads the XComs `run_id` and, with it, the connection. Tasks that wait push it as soon as there is a run."""

    name = "Pipeline run"

    @property
    def xcom_key(self) -> str:
        return LINK_KEY

    def get_link(self, operator: "BaseOperator", *, ti_key: "TaskInstanceKey") -> str:
        from airflow.sdk.execution_time.xcom import XCom

        from adf_export_airflow.data_factory.hook import DataFactoryHook

        task: Any = operator
        run_id = XCom.get_value(ti_key=ti_key, key="run_id")
        if not run_id:
            return ""
        settings = DataFactoryHook(task.azure_data_factory_conn_id).settings
        return settings.page(run_id, resource_group=task.resource_group_name or "", factory=task.factory_name or "")


LINK_KEY = "_link_DataFactoryPipelineRunLink"

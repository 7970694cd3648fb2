"""What the operator and the sensor have in common: the hook of their connection, and how they tell of a run."""

from functools import cached_property
from typing import TYPE_CHECKING

from airflow.providers.microsoft.azure.hooks.data_factory import AzureDataFactoryPipelineRunException

from adf_export_airflow.data_factory.hook import DataFactoryHook
from adf_export_airflow.data_factory.links import LINK_KEY, DataFactoryPipelineRunLink
from adf_export_airflow.data_factory.records import SUCCEEDED, PipelineRun, documents, explain
from adf_export_airflow.data_factory.triggers import REFUSED

if TYPE_CHECKING:
    from airflow.sdk import Context


class PipelineRunTask:
    """Mixed into a task of Airflow's provider."""

    azure_data_factory_conn_id: str
    resource_group_name: str | None
    factory_name: str | None
    run_id: str
    push_activities: bool

    operator_extra_links = (DataFactoryPipelineRunLink(),)

    @cached_property
    def hook(self) -> DataFactoryHook:
        return DataFactoryHook(self.azure_data_factory_conn_id)

    @property
    def place(self) -> tuple[str, str]:
        """Resource group and factory."""
        return self.hook.place(self.resource_group_name, self.factory_name)

    def page(self, run_id: str = "") -> str:
        """Address of the page that shows the run."""
        group, factory = self.place
        return self.hook.settings.page(run_id or self.run_id, resource_group=group, factory=factory)

    def announce(self, context: "Context") -> None:
        """XComs that are there while the run goes on: its id, and the button that leads to it."""
        context["ti"].xcom_push(key="run_id", value=self.run_id)
        context["ti"].xcom_push(key=LINK_KEY, value=self.page())

    def deliver(self, context: "Context", run: PipelineRun) -> None:
        """XComs of a run that has ended; raises with the reason if it did not succeed."""
        activities = self.hook.activity_runs(self.place, run.run_id)
        push = context["ti"].xcom_push
        push(key="status", value=run.status)
        push(key="message", value=run.message)
        if self.push_activities:
            push(key="activities", value=documents(activities))
        if run.status != SUCCEEDED:
            raise AzureDataFactoryPipelineRunException(explain(run, activities, self.page()))

    def ended_run(self, event: dict[str, str]) -> PipelineRun:
        """The run that a trigger has waited for; raises where Data Factory does not tell of it."""
        if event["status"] == REFUSED:
            raise AzureDataFactoryPipelineRunException(
                f"Data Factory does not tell about pipeline run {event['run_id']}: {event['message']}"
            )
        return self.hook.pipeline_run(self.place, event["run_id"])

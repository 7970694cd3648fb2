"""Waits for a pipeline run that something else has started."""

import time
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.microsoft.azure.hooks.data_factory import AzureDataFactoryPipelineRunException
from airflow.providers.microsoft.azure.sensors.data_factory import AzureDataFactoryPipelineRunStatusSensor
from airflow.sdk.exceptions import AirflowSensorTimeout

from adf_export_airflow.data_factory.hook import DataFactoryHook
from adf_export_airflow.data_factory.links import LINK_KEY, DataFactoryPipelineRunLink
from adf_export_airflow.data_factory.records import SUCCEEDED, PipelineRun, documents, explain
from adf_export_airflow.data_factory.triggers import REFUSED, TIMED_OUT, DataFactoryPipelineRunTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context


class DataFactoryPipelineRunStatusSensor(AzureDataFactoryPipelineRunStatusSensor):
    """AzureDataFactoryPipelineRunStatusSensor for any factory, with XComs and errors as the operator has them.

    It has not started the run, so it cancels nothing when it is killed or out of time.
    """

    operator_extra_links = (DataFactoryPipelineRunLink(),)

    def __init__(
        self,
        *,
        run_id: str,
        resource_group_name: str | None = None,
        factory_name: str | None = None,
        push_activities: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            run_id=run_id,
            resource_group_name=resource_group_name,  # type: ignore[arg-type]  # None: the connection's
            factory_name=factory_name,  # type: ignore[arg-type]
            **kwargs,
        )
        self.push_activities = push_activities

    @cached_property
    def hook(self) -> DataFactoryHook:
        return DataFactoryHook(self.azure_data_factory_conn_id)

    @property
    def place(self) -> tuple[str, str]:
        return self.hook.place(self.resource_group_name, self.factory_name)

    def poke(self, context: "Context") -> bool:
        run = self.hook.pipeline_run(self.place, self.run_id)
        if run.is_final:
            self._deliver(context, run)
        return run.is_final

    def execute(self, context: "Context") -> Any:
        context["ti"].xcom_push(key="run_id", value=self.run_id)
        context["ti"].xcom_push(key=LINK_KEY, value=self._page())
        if not self.deferrable:
            return super().execute(context)
        if not self.poke(context):
            self.defer(
                timeout=timedelta(seconds=self.timeout),
                trigger=DataFactoryPipelineRunTrigger(
                    run_id=self.run_id,
                    azure_data_factory_conn_id=self.azure_data_factory_conn_id,
                    resource_group_name=self.resource_group_name,
                    factory_name=self.factory_name,
                    check_interval=self.poke_interval,
                    end_time=time.time() + self.timeout,
                    cancel_on_kill=False,
                ),
                method_name="execute_complete",
            )
        return None

    def execute_complete(self, context: "Context", event: dict[str, str]) -> None:
        """After the trigger: the results, or the failure."""
        if event["status"] == TIMED_OUT:
            raise AirflowSensorTimeout(f"pipeline run {self.run_id} has not ended within {self.timeout} s")
        if event["status"] == REFUSED:
            raise AzureDataFactoryPipelineRunException(
                f"Data Factory does not tell about pipeline run {self.run_id}: {event['message']}"
            )
        self._deliver(context, self.hook.pipeline_run(self.place, self.run_id))

    def _deliver(self, context: "Context", run: PipelineRun) -> None:
        activities = self.hook.activity_runs(self.place, run.run_id)
        push = context["ti"].xcom_push
        push(key="status", value=run.status)
        push(key="message", value=run.message)
        if self.push_activities:
            push(key="activities", value=documents(activities))
        if run.status != SUCCEEDED:
            raise AzureDataFactoryPipelineRunException(explain(run, activities, self._page()))

    def _page(self) -> str:
        group, factory = self.place
        return self.hook.settings.page(self.run_id, resource_group=group, factory=factory)

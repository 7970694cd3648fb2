"""Waits for a pipeline run that something else has started."""

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.microsoft.azure.sensors.data_factory import AzureDataFactoryPipelineRunStatusSensor
from airflow.sdk.exceptions import AirflowSensorTimeout

from adf_export_airflow.data_factory.tasks import PipelineRunTask
from adf_export_airflow.data_factory.triggers import TIMED_OUT, DataFactoryPipelineRunTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context


class DataFactoryPipelineRunStatusSensor(PipelineRunTask, AzureDataFactoryPipelineRunStatusSensor):  # type: ignore[misc]
    """AzureDataFactoryPipelineRunStatusSensor for any factory, with XComs and errors as the operator has them.

    It has not started the run, so it cancels nothing when it is killed or out of time.
    """

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

    def poke(self, context: "Context") -> bool:
        run = self.hook.pipeline_run(self.place, self.run_id)
        if run.is_final:
            self.deliver(context, run)
        return run.is_final

    def execute(self, context: "Context") -> Any:
        self.announce(context)
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
        self.deliver(context, self.ended_run(event))

"""Runs a pipeline: Airflow's operator, with results as XComs, one run for all tries, and reruns from what failed."""

import time
from typing import TYPE_CHECKING, Any

from airflow.providers.microsoft.azure.hooks.data_factory import AzureDataFactoryPipelineRunException
from airflow.providers.microsoft.azure.operators.data_factory import AzureDataFactoryRunPipelineOperator
from airflow.sdk.exceptions import TaskDeferralTimeout

from adf_export_airflow.data_factory.records import CANCELLED, SUCCEEDED, PipelineRun
from adf_export_airflow.data_factory.started import Started, recall, remember
from adf_export_airflow.data_factory.tasks import PipelineRunTask
from adf_export_airflow.data_factory.triggers import TIMED_OUT, DataFactoryPipelineRunTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context


class DataFactoryRunPipelineOperator(PipelineRunTask, AzureDataFactoryRunPipelineOperator):  # type: ignore[misc]
    """AzureDataFactoryRunPipelineOperator that tells what happened and never starts a second run by mistake.

    - The factory may be anywhere: address, authority and credential come from the connection (`settings.py`).
    - XComs: `run_id`, `status`, `message`, and `activities`: activity name to its run (status, times, duration_in_ms,
      output, error_code, error_message; a list for iterations and attempts). A failure says which activity failed
      and why.
    - A retry takes up the run that the last try left active. If that one has failed, a retry repeats what failed, in
      recovery mode, and keeps what succeeded.
    - A killed task cancels its run, and what that run started, also while it is deferred.

    Args:
        retry_from_failure: False: a retry after a failed run starts a whole new one.
        push_activities: False: without the XCom `activities`, for pipelines with large outputs.
        All others as Airflow's operator; resource_group_name and factory_name may be left to the connection.
    """

    def __init__(
        self,
        *,
        pipeline_name: str,
        resource_group_name: str | None = None,
        factory_name: str | None = None,
        retry_from_failure: bool = True,
        push_activities: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            pipeline_name=pipeline_name,
            resource_group_name=resource_group_name,  # type: ignore[arg-type]  # the provider's decorators fill None in
            factory_name=factory_name,  # type: ignore[arg-type]
            **kwargs,
        )
        self.retry_from_failure = retry_from_failure
        self.push_activities = push_activities
        self.run_id = ""

    def execute(self, context: "Context") -> Any:
        self.run_id = self._resumed(context) or self._started(context)
        self.announce(context)
        if not self.wait_for_termination:
            remember(context, Started(run_id=self.run_id, delivered=True))
            return None
        end_time = time.time() + self.timeout
        run = self.hook.pipeline_run(self.place, self.run_id)
        if self.deferrable and not run.is_final:
            self._defer(end_time)
        while not run.is_final:
            if time.time() > end_time:
                raise self._timed_out()
            time.sleep(self.check_interval)
            run = self.hook.pipeline_run(self.place, self.run_id)
        return self._succeed(context, run)

    def execute_complete(self, context: "Context", event: dict[str, str]) -> Any:
        """After the trigger: the results, or the failure."""
        self.run_id = event["run_id"]
        if event["status"] == TIMED_OUT:
            raise self._timed_out()
        return self._succeed(context, self.ended_run(event))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: "Context") -> Any:
        """Airflow calls no on_kill when execution_timeout ends a deferred task: the run must end with it."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout:
            started = recall(context)
            if started is not None:
                self.run_id = started.run_id
                self.on_kill()
            raise

    def on_kill(self) -> None:
        """Cancels the run and what it started; returns when Data Factory says so, after five minutes at most."""
        if not self.run_id:
            return
        run = self.hook.cancel(self.place, self.run_id, interval=min(self.check_interval, 5))
        self.log.info("pipeline run %s: %s", self.run_id, run.status)

    def _resumed(self, context: "Context") -> str:
        """The run of an earlier try, if it is active; else nothing."""
        started = recall(context)
        if started is None or started.delivered:
            return ""
        run = self.hook.known_run(self.place, started.run_id)
        if run is None:
            return ""
        if not run.is_final or run.status == SUCCEEDED:
            self.log.info("taking up pipeline run %s: %s", run.run_id, run.status)
            return run.run_id
        if not self.retry_from_failure or run.status == CANCELLED:
            return ""
        self.log.info("repeating what failed in pipeline run %s", run.run_id)
        return self._create(context, reference_pipeline_run_id=run.run_id, is_recovery=True, start_from_failure=True)

    def _started(self, context: "Context") -> str:
        return self._create(
            context,
            reference_pipeline_run_id=self.reference_pipeline_run_id,
            is_recovery=self.is_recovery,
            start_activity_name=self.start_activity_name,
            start_from_failure=self.start_from_failure,
            parameters=self.parameters,
        )

    def _create(self, context: "Context", **how: Any) -> str:
        answer = self.hook.run_pipeline(self.pipeline_name, *self.place, **how)
        run_id: str = answer.run_id
        remember(context, Started(run_id=run_id, delivered=False))
        self.log.info("started pipeline %s: %s", self.pipeline_name, self.page(run_id))
        return run_id

    def _defer(self, end_time: float) -> None:
        self.defer(
            timeout=self.execution_timeout,
            trigger=DataFactoryPipelineRunTrigger(
                run_id=self.run_id,
                azure_data_factory_conn_id=self.azure_data_factory_conn_id,
                resource_group_name=self.resource_group_name,
                factory_name=self.factory_name,
                check_interval=self.check_interval,
                end_time=end_time,
                cancel_on_kill=True,
            ),
            method_name="execute_complete",
        )

    def _succeed(self, context: "Context", run: PipelineRun) -> Any:
        self.deliver(context, run)
        remember(context, Started(run_id=run.run_id, delivered=True))
        return {"run_id": run.run_id, "status": run.status, "message": run.message}

    def _timed_out(self) -> AzureDataFactoryPipelineRunException:
        return AzureDataFactoryPipelineRunException(
            f"Pipeline run {self.run_id} has not ended within {self.timeout} s (timeout); it goes on: {self.page()}"
        )

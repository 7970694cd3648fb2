"""Waits for a pipeline run in the triggerer. It goes by its own class path, so that it finds our hook again."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from azure.core.exceptions import AzureError

from adf_export_airflow.data_factory.hook import DataFactoryAsyncHook, is_transient

TIMED_OUT = "TimedOut"
REFUSED = "Refused"


class DataFactoryPipelineRunTrigger(BaseTrigger):
    """Fires once: {"run_id", "status", "message"}, the status one of Data Factory's final ones, TimedOut or Refused.

    What may pass (no network, 429, a fault of the server) is waited for; the pipeline run is never cancelled for it,
    only when a user ends the task.

    Args:
        end_time: UNIX seconds after which it fires with TimedOut.
        cancel_on_kill: whether the run is cancelled when a user marks, clears or fails the waiting task.
    """

    def __init__(
        self,
        *,
        run_id: str,
        azure_data_factory_conn_id: str,
        resource_group_name: str | None,
        factory_name: str | None,
        check_interval: float,
        end_time: float,
        cancel_on_kill: bool,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's
        self.run_id = run_id
        self.azure_data_factory_conn_id = azure_data_factory_conn_id
        self.resource_group_name = resource_group_name
        self.factory_name = factory_name
        self.check_interval = check_interval
        self.end_time = end_time
        self.cancel_on_kill = cancel_on_kill

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = (
            "run_id",
            "azure_data_factory_conn_id",
            "resource_group_name",
            "factory_name",
            "check_interval",
            "end_time",
            "cancel_on_kill",
        )
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        async with DataFactoryAsyncHook(self.azure_data_factory_conn_id) as hook:
            place = await hook.place(self.resource_group_name, self.factory_name)
            while True:
                try:
                    run = await hook.pipeline_run(place, self.run_id)
                    if run.is_final:
                        yield self._event(run.status, run.message)
                        return
                    self.log.info("pipeline run %s: %s", self.run_id, run.status)
                except AzureError as error:
                    if not is_transient(error):
                        yield self._event(REFUSED, str(error))
                        return
                    self.log.warning("pipeline run %s: %s; asking again", self.run_id, error)
                if time.time() > self.end_time:
                    yield self._event(TIMED_OUT, "")
                    return
                await asyncio.sleep(self.check_interval)

    async def on_kill(self) -> None:
        if not self.cancel_on_kill:
            return
        async with DataFactoryAsyncHook(self.azure_data_factory_conn_id) as hook:
            place = await hook.place(self.resource_group_name, self.factory_name)
            await hook.cancel(place, self.run_id)

    def _event(self, status: str, message: str) -> TriggerEvent:
        event = {"run_id": self.run_id, "status": status, "message": message}
        return TriggerEvent(event)  # type: ignore[no-untyped-call]  # Airflow's

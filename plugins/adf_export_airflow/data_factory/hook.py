"""Airflow's Data Factory hooks, with their client made for the address, authority and credential of the connection."""

import functools
import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import azure.identity
import azure.identity.aio
from airflow.providers.common.compat.connection import get_async_connection
from airflow.providers.microsoft.azure.hooks.data_factory import (
    AzureDataFactoryAsyncHook,
    AzureDataFactoryHook,
    AzureDataFactoryPipelineRunException,
)
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.mgmt.datafactory import DataFactoryManagementClient
from azure.mgmt.datafactory.aio import DataFactoryManagementClient as AsyncDataFactoryManagementClient
from azure.mgmt.datafactory.models import RunFilterParameters

from adf_export_airflow.data_factory import credentials
from adf_export_airflow.data_factory.errors import DataFactorySetupError
from adf_export_airflow.data_factory.records import ActivityRun, PipelineRun
from adf_export_airflow.data_factory.settings import Settings, read_settings

if TYPE_CHECKING:
    from airflow.sdk import Connection

_TOO_MANY = 429
_SERVER_ERROR = 500
_CANCEL_SECONDS = 300
# Wider than any run: Data Factory keeps runs for 45 days.
_BEFORE, _AFTER = timedelta(days=45), timedelta(days=1)


class DataFactoryHook(AzureDataFactoryHook):
    """AzureDataFactoryHook for any cloud, any Resource Manager and any kind of credential; see `settings.py`."""

    @functools.cached_property
    def settings(self) -> Settings:
        """The connection, checked."""
        conn = self.get_connection(self.conn_id)
        return _settings(self.conn_id, conn)

    def get_conn(self) -> DataFactoryManagementClient:
        if self._conn is None:
            settings = self.settings
            credential = credentials.make(azure.identity, settings)
            self._conn = DataFactoryManagementClient(credential, settings.subscription, **_client(settings))
        return self._conn

    def place(self, resource_group: str | None, factory: str | None) -> tuple[str, str]:
        """Resource group and factory: those of the task, else those of the connection."""
        return _place(self.settings, resource_group, factory)

    def pipeline_run(self, place: tuple[str, str], run_id: str) -> PipelineRun:
        """A run as it is now."""
        return PipelineRun.of(self.get_conn().pipeline_runs.get(*place, run_id))

    def known_run(self, place: tuple[str, str], run_id: str) -> PipelineRun | None:
        """The same, None where Data Factory does not know it (any more: it forgets runs after 45 days)."""
        try:
            return self.pipeline_run(place, run_id)
        except ResourceNotFoundError:
            self.log.warning("Data Factory does not know pipeline run %s", run_id)
            return None

    def cancel(self, place: tuple[str, str], run_id: str, *, interval: float = 5.0) -> PipelineRun:
        """Ends a run and what it started; returns when it has ended.

        Raises:
            AzureDataFactoryPipelineRunException: it has not ended after five minutes.
        """
        try:
            self.get_conn().pipeline_runs.cancel(*place, run_id, is_recursive=True)
        except HttpResponseError as error:
            if not has_ended_before(error):
                raise
        end_time = time.monotonic() + _CANCEL_SECONDS
        while not (run := self.pipeline_run(place, run_id)).is_final:
            if time.monotonic() > end_time:
                raise AzureDataFactoryPipelineRunException(
                    f"Pipeline run {run_id} is {run.status} {_CANCEL_SECONDS} s after it was cancelled"
                )
            time.sleep(interval)
        return run

    def activity_runs(self, place: tuple[str, str], run_id: str) -> list[ActivityRun]:
        """All activity runs of a pipeline run, each attempt and iteration."""
        return list(self._activity_runs(place, run_id))

    def _activity_runs(self, place: tuple[str, str], run_id: str) -> Iterator[ActivityRun]:
        token: str | None = None
        while True:
            page = self.get_conn().activity_runs.query_by_pipeline_run(*place, run_id, _window(token))
            yield from map(ActivityRun.of, page.value)
            token = page.continuation_token
            if not token:
                return


class DataFactoryAsyncHook(AzureDataFactoryAsyncHook):
    """The same for triggers; close it, or use it as `async with`."""

    _settings: Settings | None = None
    _credential: Any = None

    async def settings(self) -> Settings:
        """The connection, checked."""
        if self._settings is None:
            self._settings = _settings(self.conn_id, await get_async_connection(self.conn_id))
        return self._settings

    async def get_async_conn(self) -> AsyncDataFactoryManagementClient:
        if self._async_conn is None:
            settings = await self.settings()
            self._credential = credentials.make(azure.identity.aio, settings)
            self._async_conn = AsyncDataFactoryManagementClient(
                self._credential, settings.subscription, **_client(settings)
            )
        return self._async_conn

    async def close(self) -> None:
        await super().close()
        if self._credential is not None:
            await self._credential.close()
            self._credential = None

    async def place(self, resource_group: str | None, factory: str | None) -> tuple[str, str]:
        """Resource group and factory: those of the task, else those of the connection."""
        return _place(await self.settings(), resource_group, factory)

    async def pipeline_run(self, place: tuple[str, str], run_id: str) -> PipelineRun:
        """A run as it is now."""
        client = await self.get_async_conn()
        return PipelineRun.of(await client.pipeline_runs.get(*place, run_id))

    async def activity_runs(self, place: tuple[str, str], run_id: str) -> list[ActivityRun]:
        """All activity runs of a pipeline run, each attempt and iteration."""
        return [run async for run in self._activity_runs(place, run_id)]

    async def _activity_runs(self, place: tuple[str, str], run_id: str) -> AsyncIterator[ActivityRun]:
        client = await self.get_async_conn()
        token: str | None = None
        while True:
            page = await client.activity_runs.query_by_pipeline_run(*place, run_id, _window(token))
            for model in page.value:
                yield ActivityRun.of(model)
            token = page.continuation_token
            if not token:
                return

    async def rerun(self, place: tuple[str, str], pipeline: str, run_id: str, *, activity: str | None) -> str:
        """Repeat a run from an activity on, or without one from what failed; returns the new run's id."""
        client = await self.get_async_conn()
        how: dict[str, Any] = {"start_activity_name": activity} if activity else {"start_from_failure": True}
        started = await client.pipelines.create_run(
            *place, pipeline, reference_pipeline_run_id=run_id, is_recovery=True, **how
        )
        new: str = started.run_id
        return new

    async def cancel(self, place: tuple[str, str], run_id: str) -> None:
        """End a run and what it started; one that has ended stays as it is."""
        client = await self.get_async_conn()
        try:
            await client.pipeline_runs.cancel(*place, run_id, is_recursive=True)
        except HttpResponseError as error:
            if not has_ended_before(error):
                raise


def is_transient(error: AzureError) -> bool:
    """Whether the same call may succeed later: no answer, too many calls, a fault of the server."""
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return error.status_code == _TOO_MANY or error.status_code >= _SERVER_ERROR
    return True


def has_ended_before(error: HttpResponseError) -> bool:
    """Whether a cancel was refused because the run has ended already."""
    return "PipelineRunNotRunning" in str(error) or "not running" in str(error).lower()


def _settings(conn_id: str, conn: "Connection") -> Settings:
    # Not extra_dejson: it masks secrets by a blocking call, which a trigger must not make.
    try:
        extra = json.loads(conn.extra) if conn.extra else {}
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise DataFactorySetupError(
            "the extra is no JSON object", place=f"connection {conn_id!r}", remedy='Write {"subscriptionId": "..."}'
        )
    return read_settings(conn_id, conn.login, conn.password, extra)


def _client(settings: Settings) -> dict[str, Any]:
    verify = {"connection_verify": settings.ca_bundle} if settings.ca_bundle else {}
    return {"base_url": settings.base_url, "credential_scopes": [settings.scope], **verify}


def _place(settings: Settings, resource_group: str | None, factory: str | None) -> tuple[str, str]:
    found = (resource_group or settings.resource_group, factory or settings.factory)
    for value, name in zip(found, ("resource_group_name", "factory_name"), strict=True):
        if not value:
            raise DataFactorySetupError(
                f"{name} is missing",
                place=f"connection {settings.conn_id!r}, extra",
                remedy="Name it there, or as an argument of the task",
            )
    return found


def _window(token: str | None) -> RunFilterParameters:
    now = datetime.now(UTC)
    return RunFilterParameters(
        last_updated_after=now - _BEFORE, last_updated_before=now + _AFTER, continuation_token=token
    )

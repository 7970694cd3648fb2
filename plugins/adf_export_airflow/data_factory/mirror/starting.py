"""Starts the pipeline of a mirror, and ends its tasks where no scheduler does."""

from typing import TYPE_CHECKING, Any, Final

from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from adf_export_airflow.data_factory.links import LINK_KEY
from adf_export_airflow.data_factory.mirror.run_values import SOURCES
from adf_export_airflow.data_factory.started import Started, recall, remember

if TYPE_CHECKING:
    from airflow.sdk import Context

    from adf_export_airflow.data_factory.hook import DataFactoryHook
    from adf_export_airflow.data_factory.mirror.operators import StartPipelineOperator

# XCom of the starting task: the newest run.
RUN_ID: Final = "run_id"
# Another one: all runs, as {"run_id", "repeats"}: the tasks whose activities a rerun repeats, None for all of them;
# with "error" where a rerun was wanted and could not be started.
RUNS: Final = "runs"


def start(task: "StartPipelineOperator", context: "Context") -> None:
    """Starts the pipeline, or takes up the run that a try that was lost has started."""
    from adf_export_airflow.data_factory.hook import DataFactoryHook

    hook = DataFactoryHook(task.azure_data_factory_conn_id)
    place = hook.place(None, None)
    run_id = _taken_up(task, hook, place, recall(context))
    if not run_id:
        answer = hook.run_pipeline(task.pipeline, *place, parameters=_parameters(task, context))
        run_id = answer.run_id
        remember(context, Started(run_id=run_id, delivered=False))
    page = hook.settings.page(run_id)
    task.log.info("pipeline %s: %s", task.pipeline, page)
    for key, value in ((RUNS, [{"run_id": run_id, "repeats": None}]), (RUN_ID, run_id), (LINK_KEY, page)):
        context["ti"].xcom_push(key=key, value=value)
    remember(context, Started(run_id=run_id, delivered=True))


def end_as(event: Any) -> None:
    """Ends a task as its trigger said."""
    state, reason = str(event), "see the log of the trigger"
    if "failed" in state:
        raise AirflowException(reason)
    if "skipped" in state:
        raise AirflowSkipException(reason)


def _taken_up(
    task: "StartPipelineOperator", hook: "DataFactoryHook", place: tuple[str, str], started: Started | None
) -> str:
    """The run of an earlier try that broke off. One that a user has cleared since is cancelled: it must not go on."""
    if started is None:
        return ""
    run = hook.known_run(place, started.run_id)
    if run is None or run.is_final:
        return ""
    if started.delivered:
        task.log.info("cancels pipeline run %s, which was cleared", run.run_id)
        hook.cancel(place, run.run_id)
        return ""
    task.log.info("takes up pipeline run %s: %s", run.run_id, run.status)
    return run.run_id


def _parameters(task: "StartPipelineOperator", context: "Context") -> dict[str, Any]:
    given: dict[str, Any] = {
        name: SOURCES[name](context["dag_run"]) if of_the_run else context["params"][name]
        for name, of_the_run in task.parameters.items()
    }
    return {name: value for name, value in given.items() if value is not None}

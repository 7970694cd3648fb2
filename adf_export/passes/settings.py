"""Accounts for the settings of a DAG and its tasks: each one that Data Factory lacks is a row here and is told."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from adf_export.codes import SCHEDULE_NOT_EXPORTED, SETTING_IGNORED, SETTING_LOST, SETTING_NOT_EXPORTED, Code
from adf_export.context import Context
from adf_export.diagnostics import diagnostic
from adf_export.ir.dag import Dag, Task
from adf_export.ir.origin import Origin
from adf_export.ir.unit import Draft

MANUAL: Final = "NullTimetable"
# Airflow's defaults: what a DAG does not give is nothing to tell.
_PARALLEL: Final = 16


class TaskSetting(NamedTuple):
    """A setting of a task: when it says something, and what becomes of it."""

    name: str
    given: Callable[[Task], bool]
    code: Code
    why: str


class DagSetting(NamedTuple):
    """A setting of a DAG, likewise."""

    name: str
    given: Callable[[Dag], bool]
    code: Code
    why: str


TASK_SETTINGS: Final[tuple[TaskSetting, ...]] = (
    TaskSetting(
        "depends_on_past", lambda task: task.depends_on_past, SETTING_NOT_EXPORTED, "runs know nothing of earlier runs"
    ),
    TaskSetting("end_date", lambda task: task.end_date is not None, SETTING_LOST, "the task also runs after it"),
    TaskSetting(
        "max_active_tis_per_dag",
        lambda task: task.max_active_tis_per_dag is not None,
        SETTING_LOST,
        "several runs of the pipeline may run the task at once",
    ),
    TaskSetting("outlets", lambda task: bool(task.outlets), SETTING_LOST, "no event of an asset is made"),
    TaskSetting(
        "pool",
        lambda task: task.pool != "default_pool",
        SETTING_LOST,
        "nothing limits what runs at once across pipelines",
    ),
    TaskSetting("pool_slots", lambda task: task.pool_slots != 1, SETTING_IGNORED, "there are no pools"),
    TaskSetting(
        "priority_weight",
        lambda task: task.priority_weight != 1,
        SETTING_IGNORED,
        "activities do not queue by priority",
    ),
    TaskSetting(
        "queue", lambda task: task.queue not in ("", "default"), SETTING_IGNORED, "no worker of Airflow runs the task"
    ),
    TaskSetting(
        "wait_for_downstream",
        lambda task: task.wait_for_downstream,
        SETTING_NOT_EXPORTED,
        "runs know nothing of earlier runs",
    ),
)

DAG_SETTINGS: Final[tuple[DagSetting, ...]] = (
    DagSetting(
        "dagrun_timeout",
        lambda dag: dag.dagrun_timeout_seconds is not None,
        SETTING_LOST,
        "a pipeline has no timeout, its activities have",
    ),
    DagSetting(
        "fail_fast",
        lambda dag: dag.fail_fast,
        SETTING_NOT_EXPORTED,
        "a failed activity does not stop those that run beside it",
    ),
    DagSetting(
        "max_active_tasks",
        lambda dag: dag.max_active_tasks != _PARALLEL,
        SETTING_LOST,
        "activities that wait for nothing else run at once",
    ),
)

# Further arguments of BaseOperator and DAG -> code and what becomes of them; one that is not here is refused.
FURTHER: Final[Mapping[str, tuple[Code, str]]] = {
    "access_control": (SETTING_IGNORED, "roles of the factory rule"),
    "allow_nested_operators": (SETTING_IGNORED, "no operator runs"),
    "allowed_run_types": (SETTING_LOST, "the pipeline can be started in any way"),
    "dag_display_name": (SETTING_IGNORED, "a pipeline is shown by its name"),
    "deadline": (SETTING_LOST, "nobody is told that a run is late"),
    "default_view": (SETTING_IGNORED, "it is about Airflow's pages"),
    "disable_bundle_versioning": (SETTING_IGNORED, "there are no bundles"),
    "doc_json": (SETTING_IGNORED, "it is documentation"),
    "doc_rst": (SETTING_IGNORED, "it is documentation"),
    "doc_yaml": (SETTING_IGNORED, "it is documentation"),
    "email": (SETTING_LOST, "nobody is mailed: set an alert on the pipeline"),
    "email_on_failure": (SETTING_LOST, "nobody is mailed: set an alert on the pipeline"),
    "email_on_retry": (SETTING_LOST, "nobody is mailed: set an alert on the pipeline"),
    "executor": (SETTING_IGNORED, "no executor of Airflow runs the task"),
    "executor_config": (SETTING_IGNORED, "no executor of Airflow runs the task"),
    "ignore_first_depends_on_past": (SETTING_IGNORED, "runs know nothing of earlier runs"),
    "is_paused_upon_creation": (SETTING_IGNORED, "a pipeline without a trigger runs only when it is started"),
    "jinja_environment_kwargs": (SETTING_NOT_EXPORTED, "templates are read with Airflow's own settings of Jinja"),
    "logger_name": (SETTING_IGNORED, "no code of Airflow runs"),
    "map_index_template": (SETTING_IGNORED, "it names copies in Airflow's pages"),
    "max_consecutive_failed_dag_runs": (SETTING_LOST, "nothing pauses the pipeline after failures"),
    "owner_links": (SETTING_IGNORED, "it is about Airflow's pages"),
    "params": (SETTING_NOT_EXPORTED, "a pipeline has one set of parameters: give the DAG the param"),
    "post_execute": (SETTING_NOT_EXPORTED, "no code of Airflow runs"),
    "pre_execute": (SETTING_NOT_EXPORTED, "no code of Airflow runs"),
    "render_template_as_native_obj": (
        SETTING_NOT_EXPORTED,
        "it is one setting for the whole DAG here: give it to the DAG",
    ),
    "rerun_with_latest_version": (SETTING_IGNORED, "there are no bundles"),
    "resources": (SETTING_IGNORED, "no worker of Airflow runs the task"),
    "retry_policy": (SETTING_NOT_EXPORTED, "activities are retried whatever the error"),
    "run_as_user": (SETTING_IGNORED, "no worker of Airflow runs the task"),
    "show_return_value_in_logs": (SETTING_IGNORED, "outputs are shown in the monitoring page"),
    "sla": (SETTING_LOST, "nobody is told that a task is late"),
    "sla_miss_callback": (SETTING_LOST, "nobody is told that a run is late"),
    "task_display_name": (SETTING_IGNORED, "an activity is shown by its name"),
    "ui_color": (SETTING_IGNORED, "it is about Airflow's pages"),
    "wait_for_past_depends_before_skipping": (SETTING_IGNORED, "runs know nothing of earlier runs"),
}


def check_settings(draft: Draft, context: Context) -> Draft:
    """Tells of every setting that does not go along; the draft stays as it is."""
    dag = draft.dag
    for row in DAG_SETTINGS:
        if row.given(dag):
            _tell(context, row.code, row.name, f"DAG '{dag.dag_id}'", row.why, dag.origin)
    _further(context, dag.settings, f"DAG '{dag.dag_id}'", dag.origin)
    for task in dag.tasks:
        for setting in TASK_SETTINGS:
            if setting.given(task):
                _tell(context, setting.code, setting.name, f"task '{task.task_id}'", setting.why, task.origin)
        _further(context, task.settings, f"task '{task.task_id}'", task.origin)
    _schedule(dag, context)
    return draft


def _further(context: Context, settings: Iterable[tuple[str, str]], owner: str, origin: Origin) -> None:
    for name, _ in settings:
        code, why = FURTHER.get(name, (SETTING_NOT_EXPORTED, "it is not known what it means for a pipeline"))
        _tell(context, code, name, owner, why, origin)


def _tell(context: Context, code: Code, name: str, owner: str, why: str, origin: Origin) -> None:
    verb = "cannot be exported" if code is SETTING_NOT_EXPORTED else "is not exported"
    context.report(diagnostic(code, f"'{name}' of {owner} {verb}: {why}", origin=origin))


def _schedule(dag: Dag, context: Context) -> None:
    if dag.schedule.timetable != MANUAL:
        summary = f"schedule '{dag.schedule.text}' of DAG '{dag.dag_id}' is not exported"
        hint = "add a trigger to the pipeline in Data Factory"
        context.report(diagnostic(SCHEDULE_NOT_EXPORTED, summary, origin=dag.origin, hint=hint))

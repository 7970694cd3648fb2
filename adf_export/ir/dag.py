"""A DAG as the front-end reads it: everything the compiler needs, nothing of Airflow's own classes."""

from enum import StrEnum

import msgspec

from adf_export.diagnostics import Diagnostic
from adf_export.ir.origin import Origin
from adf_export.ir.values import Value


class TriggerRule(StrEnum):
    """Airflow's trigger rules."""

    ALL_SUCCESS = "all_success"
    ALL_FAILED = "all_failed"
    ALL_DONE = "all_done"
    ALL_DONE_MIN_ONE_SUCCESS = "all_done_min_one_success"
    ALL_DONE_SETUP_SUCCESS = "all_done_setup_success"
    ALL_SKIPPED = "all_skipped"
    ALWAYS = "always"
    NONE_FAILED = "none_failed"
    NONE_FAILED_MIN_ONE_SUCCESS = "none_failed_min_one_success"
    NONE_SKIPPED = "none_skipped"
    ONE_DONE = "one_done"
    ONE_FAILED = "one_failed"
    ONE_SUCCESS = "one_success"


class Param(msgspec.Struct, frozen=True, kw_only=True):
    """One of a DAG's params."""

    name: str
    # As JSON text; None: it has no default, a run must give it.
    default: str | None
    # JSON Schema as JSON text, "{}" if it has none.
    schema: str = "{}"
    description: str = ""


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When Airflow runs the DAG; only what tells the kinds apart for now."""

    # Class of the timetable, "CronTriggerTimetable"; "NullTimetable": only when it is started.
    timetable: str
    # As Airflow shows it: "5 * * * *", "@daily", "Asset".
    text: str
    # Whether a manual run's data interval is just its logical date.
    manual_interval_is_point: bool


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """Dynamic mapping of a task or a group: `expand` (all combinations) or `expand_kwargs`."""

    # argument -> list (or dict) that it runs over; empty where expand_kwargs is used.
    expand: tuple[tuple[str, Value], ...] = ()
    # A list of dicts.
    expand_kwargs: Value | None = None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A task group; the root is not one."""

    group_id: str
    # None: directly below the DAG.
    parent: str | None = None
    tooltip: str = ""
    mapping: Mapping | None = None
    origin: Origin = Origin()


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """A callback of a task or DAG."""

    # on_failure_callback, on_success_callback, on_retry_callback, on_execute_callback, on_skipped_callback
    event: str
    # Dotted name of the function or of the notifier's class.
    name: str
    # Of a notifier: its constructor's arguments.
    arguments: tuple[tuple[str, Value], ...] = ()


class Task(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One task with everything that was said of it."""

    task_id: str
    origin: Origin
    # Dotted name of the operator's class, then of its bases up to BaseOperator, nearest first.
    operator: str
    bases: tuple[str, ...] = ()
    # Arguments of the operator that the DAG file or its default_args give, and template fields with a value;
    # for mapped tasks those of `partial`. Not: the arguments of BaseOperator, which follow below.
    fields: tuple[tuple[str, Value], ...] = ()
    # Names of `fields` that the DAG file gives itself, not by a default of the operator.
    given: tuple[str, ...] = ()
    template_fields: tuple[str, ...] = ()
    # Line of the file where a field is said, where found.
    field_lines: tuple[tuple[str, int], ...] = ()
    # None: the task is not mapped by itself (its group may be).
    mapping: Mapping | None = None
    # None: directly below the DAG.
    group: str | None = None
    # Direct upstream tasks, sorted.
    upstream: tuple[str, ...] = ()
    # label of an edge by upstream task
    edge_labels: tuple[tuple[str, str], ...] = ()
    trigger_rule: TriggerRule = TriggerRule.ALL_SUCCESS
    is_setup: bool = False
    is_teardown: bool = False
    on_failure_fail_dagrun: bool = False
    # The setups whose success a teardown needs are its direct upstream setups.
    doc: str = ""
    owner: str = ""
    retries: int = 0
    retry_delay_seconds: float = 300
    retry_exponential_backoff: float = 0
    max_retry_delay_seconds: float | None = None
    # None: no limit.
    execution_timeout_seconds: float | None = None
    pool: str = "default_pool"
    pool_slots: int = 1
    priority_weight: int = 1
    weight_rule: str = "downstream"
    queue: str = ""
    depends_on_past: bool = False
    wait_for_downstream: bool = False
    max_active_tis_per_dag: int | None = None
    max_active_tis_per_dagrun: int | None = None
    start_date: str | None = None
    end_date: str | None = None
    do_xcom_push: bool = True
    multiple_outputs: bool = False
    deferrable: bool = False
    # Downstream trigger rules are ignored by a short circuit; None: the operator has no such choice.
    ignore_downstream_trigger_rules: bool | None = None
    callbacks: tuple[Callback, ...] = ()
    # Names of further arguments of BaseOperator that the DAG gives and that have no place here, with their text.
    settings: tuple[tuple[str, str], ...] = ()
    # Names of assets.
    inlets: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()


class Dag(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One DAG."""

    dag_id: str
    origin: Origin
    schedule: Schedule
    tasks: tuple[Task, ...] = ()
    groups: tuple[Group, ...] = ()
    description: str = ""
    doc: str = ""
    params: tuple[Param, ...] = ()
    tags: tuple[str, ...] = ()
    owner: str = ""
    start_date: str | None = None
    end_date: str | None = None
    # Name of the time zone of its days and of datetimes without one: "UTC", "Europe/Amsterdam", "+02:00".
    timezone: str = "UTC"
    catchup: bool = False
    max_active_runs: int = 16
    max_active_tasks: int = 16
    dagrun_timeout_seconds: float | None = None
    render_template_as_native_obj: bool = False
    # "jinja2.StrictUndefined" and the like; empty: Airflow's default.
    template_undefined: str = ""
    fail_fast: bool = False
    callbacks: tuple[Callback, ...] = ()
    # user_defined_macros: constants by name; others as Opaque or Function.
    macros: tuple[tuple[str, Value], ...] = ()
    # user_defined_filters
    filters: tuple[tuple[str, Value], ...] = ()
    # Names of further settings of the DAG that are not at their default, with their text.
    settings: tuple[tuple[str, str], ...] = ()

    def task(self, task_id: str) -> Task:
        """The task of an id; KeyError: there is none."""
        for task in self.tasks:
            if task.task_id == task_id:
                return task
        raise KeyError(task_id)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one DAG file gave."""

    file: str
    dags: tuple[Dag, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

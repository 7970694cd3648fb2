"""Reads a DAG of Airflow into a Dag."""

import datetime
import json
from collections.abc import Iterator
from typing import Any, Final

import attrs
from airflow.sdk import DAG
from airflow.sdk.definitions._internal.expandinput import MappedArgument
from airflow.sdk.definitions._internal.types import is_arg_set
from airflow.sdk.definitions.taskgroup import MappedTaskGroup
from airflow.serialization.encoders import coerce_to_core_timetable

from adf_export.frontend.arguments import DAG_ARGUMENTS, Goes
from adf_export.frontend.functions import dotted
from adf_export.frontend.places import Territory
from adf_export.frontend.recorder import Recorder
from adf_export.frontend.tasks import (
    group_mapping,
    moment,
    origin_of,
    read_callbacks,
    read_task,
    seconds,
    short_text,
)
from adf_export.frontend.values import Values
from adf_export.ir.dag import Dag, Group, Param, Schedule
from adf_export.ir.values import Value

_DEFAULT_UNDEFINED: Final = "jinja2.runtime.StrictUndefined"
# Any moment will do: does a run's interval depend on the schedule, or is it the moment itself?
_SOME_MOMENT: Final = (2026, 1, 31, 12, 30)


def read_dag(dag: DAG, recorder: Recorder, territory: Territory) -> Dag:
    """A DAG with its tasks and groups."""
    groups = {id(group): group for group in dag.task_group.get_task_group_dict().values() if group.group_id}
    values = Values(dag.dag_id, lambda argument: _group_of(argument, groups))
    return Dag(
        dag_id=dag.dag_id,
        origin=origin_of(recorder.spot(dag), territory, dag.dag_id),
        schedule=_schedule(dag),
        tasks=tuple(read_task(task, values, recorder, territory) for task in _ordered(dag)),
        groups=tuple(_group(group, values, recorder, territory) for group in groups.values()),
        description=dag.description or "",
        doc=dag.doc_md or "",
        params=tuple(_param(name, dag.params.get_param(name)) for name in dag.params),
        tags=tuple(sorted(dag.tags)),
        owner=dag.owner,
        start_date=moment(dag.start_date),
        end_date=moment(dag.end_date),
        timezone=str(dag.timezone.name),
        catchup=bool(dag.catchup),
        max_active_runs=dag.max_active_runs,
        max_active_tasks=dag.max_active_tasks,
        dagrun_timeout_seconds=seconds(dag.dagrun_timeout),
        render_template_as_native_obj=dag.render_template_as_native_obj,
        template_undefined=_undefined(dag.template_undefined),
        fail_fast=dag.fail_fast,
        callbacks=(
            *read_callbacks("on_failure_callback", dag.on_failure_callback, values),
            *read_callbacks("on_success_callback", dag.on_success_callback, values),
        ),
        macros=tuple(_named(dag.user_defined_macros, values)),
        filters=tuple(_named(dag.user_defined_filters, values)),
        settings=tuple(_settings(dag)),
    )


def _ordered(dag: DAG) -> list[Any]:
    """In the order of the DAG file."""
    return list(dag.task_dict.values())


def _group_of(argument: MappedArgument, groups: dict[int, Any]) -> str | None:
    for group in groups.values():
        if isinstance(group, MappedTaskGroup) and group._expand_input is argument._input:
            return group.group_id
    return None


def _group(group: Any, values: Values, recorder: Recorder, territory: Territory) -> Group:
    parent = group.parent_group
    return Group(
        group_id=group.group_id,
        parent=parent.group_id if parent else None,
        tooltip=group.tooltip,
        mapping=group_mapping(group._expand_input, values) if isinstance(group, MappedTaskGroup) else None,
        origin=origin_of(recorder.spot(group), territory, group.dag.dag_id),
    )


def _param(name: str, param: Any) -> Param:
    return Param(
        name=name,
        default=json.dumps(param.value) if is_arg_set(param.value) else None,
        schema=json.dumps(param.schema, default=str),
        description=param.description or "",
    )


def _undefined(kind: type) -> str:
    name = dotted(kind)
    return "" if name == _DEFAULT_UNDEFINED else name


def _named(given: dict[str, Any] | None, values: Values) -> Iterator[tuple[str, Value]]:
    for name, value in (given or {}).items():
        yield name, values.read(value)


def _schedule(dag: DAG) -> Schedule:
    given = dag.schedule
    core = coerce_to_core_timetable(dag.timetable)
    text = given if isinstance(given, str) else str(getattr(core, "summary", "") or "")
    if isinstance(given, datetime.timedelta):
        text = str(given)
    return Schedule(timetable=type(dag.timetable).__name__, text=text, manual_interval_is_point=_is_point(core))


def _is_point(timetable: Any) -> bool:
    import pendulum

    at = pendulum.datetime(*_SOME_MOMENT)
    interval = timetable.infer_manual_data_interval(run_after=at)
    return bool(interval.start == interval.end == at)


def _settings(dag: DAG) -> Iterator[tuple[str, str]]:
    for argument in attrs.fields(DAG):
        value = getattr(dag, argument.name, None)
        is_setting = argument.init and DAG_ARGUMENTS.get(argument.name, Goes.SETTING) is Goes.SETTING
        if is_setting and value and value != _default(argument, dag):
            yield argument.name, short_text(value)


def _default(argument: Any, dag: DAG) -> Any:
    if not isinstance(argument.default, attrs.Factory):  # type: ignore[arg-type]  # attrs hides that it is a class
        return argument.default
    return argument.default.factory(dag) if argument.default.takes_self else argument.default.factory()

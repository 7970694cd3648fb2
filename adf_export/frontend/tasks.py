"""Reads an operator of Airflow into a Task."""

import datetime
import inspect
from collections.abc import Iterable, Iterator
from typing import Any, Final

from airflow.sdk.bases.notifier import BaseNotifier
from airflow.sdk.bases.operator import OPERATOR_DEFAULTS, BaseOperator
from airflow.sdk.definitions._internal.expandinput import DictOfListsExpandInput, ListOfDictsExpandInput
from airflow.sdk.definitions._internal.types import is_arg_set

from adf_export.frontend import syntax
from adf_export.frontend.arguments import OPERATOR_ARGUMENTS, Goes
from adf_export.frontend.functions import dotted
from adf_export.frontend.given import Operator
from adf_export.frontend.places import Territory
from adf_export.frontend.recorder import Recorder, Spot
from adf_export.frontend.values import Values, asset_name
from adf_export.ir.dag import Callback, Mapping, Task, TriggerRule
from adf_export.ir.origin import Origin
from adf_export.ir.values import Function, Value

_EVENTS: Final = ("execute", "failure", "retry", "skipped", "success")
# `@task` gives them also where a call has no arguments.
_CALL: Final = frozenset({"op_args", "op_kwargs"})
_MAIL: Final = frozenset({"email", "email_on_failure", "email_on_retry"})


def read_task(operator: Any, values: Values, recorder: Recorder, territory: Territory) -> Task:
    """An operator as a Task."""
    one = Operator(operator, recorder)
    fields = dict(_fields(one, values))
    return Task(
        operator=dotted(one.kind),
        bases=tuple(dotted(base) for base in _bases(one.kind)),
        fields=tuple(fields.items()),
        given=tuple(name for name in one.given if name in fields),
        template_fields=tuple(operator.template_fields),
        field_lines=tuple(_lines(one, fields)),
        mapping=_mapping(operator._get_specified_expand_input(), values, one) if one.is_mapped else None,
        group=operator.task_group.group_id if operator.task_group else None,
        upstream=tuple(sorted(operator.upstream_task_ids)),
        edge_labels=tuple(_labels(operator)),
        origin=origin_of(one.spot, territory, operator.dag_id, operator.task_id),
        settings=tuple(_settings(one)),
        callbacks=tuple(callback for event in _EVENTS for callback in _callbacks(one, event, values)),
        **_members(one),
    )


def origin_of(spot: Spot | None, territory: Territory, dag_id: str, task_id: str = "") -> Origin:
    """The place of the whole call: of a chain, where it begins."""
    if spot is None:
        return Origin(dag_id=dag_id, task_id=task_id)
    call = syntax.call_at(spot)
    line = call.lineno if call else spot.line
    return Origin(file=territory.relative(spot.file), line=line, dag_id=dag_id, task_id=task_id)


def _bases(kind: type) -> Iterator[type]:
    for base in kind.__mro__[1:]:
        if base is BaseOperator:
            return
        yield base


def _fields(one: Operator, values: Values) -> Iterator[tuple[str, Value]]:
    templates = set(one.operator.template_fields)
    for name, value in one.given.items():
        if name not in OPERATOR_ARGUMENTS and is_arg_set(value) and (value or name not in _CALL):
            yield name, values.read(value, one.said.get(name), template=name in templates)
    for name in one.operator.template_fields:
        value = None if one.is_mapped else getattr(one.operator, name, None)
        if name not in one.given and name not in OPERATOR_ARGUMENTS and _says_something(value):
            yield name, values.read(value, template=True)


def _says_something(value: Any) -> bool:
    return value is not None and is_arg_set(value) and not (isinstance(value, str | list | dict | tuple) and not value)


def _lines(one: Operator, fields: dict[str, Value]) -> Iterator[tuple[str, int]]:
    for name, value in fields.items():
        if name in one.said:
            yield name, one.said[name].lineno
        elif isinstance(value, Function) and value.line:
            yield name, value.line


def _mapping(given: Any, values: Values, one: Operator | None = None) -> Mapping:
    said = one.said if one else {}
    if isinstance(given, ListOfDictsExpandInput):
        return Mapping(expand_kwargs=values.read(given.value, template=True))
    assert isinstance(given, DictOfListsExpandInput)
    return Mapping(
        expand=tuple((name, values.read(value, said.get(name), template=True)) for name, value in given.value.items())
    )


group_mapping = _mapping


def _labels(operator: Any) -> Iterator[tuple[str, str]]:
    for upstream in sorted(operator.upstream_task_ids):
        label = operator.dag.get_edge_info(upstream, operator.task_id).get("label")
        if label:
            yield upstream, str(label)


def _settings(one: Operator) -> Iterator[tuple[str, str]]:
    for name, value in sorted(one.given.items()):
        goes = OPERATOR_ARGUMENTS.get(name)
        silent = name in _MAIL and not _mails(one, name)
        if goes is Goes.SETTING and name != "params" and not silent and _is_said(name, value):
            yield name, short_text(value)
    own = sorted(_own_params(one.operator))
    if own:
        yield "params", ", ".join(own)


def _mails(one: Operator, name: str) -> bool:
    """Mails go out only to an address, and on what is asked for."""
    asked = [name] if name != "email" else ["email_on_failure", "email_on_retry"]
    return bool(one.attribute("email")) and any(one.attribute(event) for event in asked)


def _is_said(name: str, value: Any) -> bool:
    return _says_something(value) and value != OPERATOR_DEFAULTS.get(name)


def _own_params(operator: Any) -> Iterator[str]:
    """Params of the task that are not the DAG's."""
    shared = operator.dag.params
    for name in operator.params:
        if name not in shared or _param(operator.params, name) != _param(shared, name):
            yield name


def _param(params: Any, name: str) -> Any:
    if not hasattr(params, "get_param"):
        return params[name]
    found = params.get_param(name)
    return is_arg_set(found.value), found.value if is_arg_set(found.value) else None, found.schema


def short_text(value: Any) -> str:
    """A text for people; objects are told by their class alone."""
    return str(value) if isinstance(value, str | bool | int | float | datetime.timedelta) else dotted(type(value))


def _callbacks(one: Operator, event: str, values: Values) -> Iterator[Callback]:
    name = f"on_{event}_callback"
    return read_callbacks(name, one.attribute(name), values)


def read_callbacks(event: str, given: Any, values: Values) -> Iterator[Callback]:
    """Functions and notifiers of one event."""
    for one in given if isinstance(given, list | tuple | set) else [given]:
        if isinstance(one, BaseNotifier):
            yield Callback(event=event, name=dotted(type(one)), arguments=tuple(_notifier(one, values)))
        elif one is not None:
            yield Callback(event=event, name=dotted(getattr(one, "func", one)))


def _notifier(notifier: BaseNotifier, values: Values) -> Iterator[tuple[str, Value]]:
    """What its constructor takes and it keeps under the same name."""
    templates = set(notifier.template_fields)
    for name in inspect.signature(type(notifier)).parameters:
        if hasattr(notifier, name):
            yield name, values.read(getattr(notifier, name), template=name in templates)


def _members(one: Operator) -> dict[str, Any]:
    """Members of Task that are arguments of BaseOperator or flags of the operator."""
    get = one.attribute
    operator = one.operator
    return {
        "task_id": operator.task_id,
        "trigger_rule": TriggerRule(str(getattr(get("trigger_rule"), "value", get("trigger_rule")))),
        "is_setup": bool(operator.is_setup),
        "is_teardown": bool(operator.is_teardown),
        "on_failure_fail_dagrun": bool(operator.on_failure_fail_dagrun),
        "doc": str(get("doc_md") or get("doc") or ""),
        "owner": str(get("owner") or ""),
        "retries": int(get("retries") or 0),
        "retry_delay_seconds": seconds(get("retry_delay")) or 0.0,
        "retry_exponential_backoff": _backoff(get("retry_exponential_backoff")),
        "max_retry_delay_seconds": seconds(get("max_retry_delay")),
        "execution_timeout_seconds": seconds(get("execution_timeout")),
        "pool": str(get("pool") or "default_pool"),
        "pool_slots": int(get("pool_slots")),
        "priority_weight": int(get("priority_weight")),
        "weight_rule": _weight_rule(get("weight_rule")),
        "queue": str(get("queue") or ""),
        "depends_on_past": bool(get("depends_on_past")),
        "wait_for_downstream": bool(get("wait_for_downstream")),
        "max_active_tis_per_dag": get("max_active_tis_per_dag"),
        "max_active_tis_per_dagrun": get("max_active_tis_per_dagrun"),
        "start_date": moment(get("start_date")),
        "end_date": moment(get("end_date")),
        "do_xcom_push": bool(get("do_xcom_push")),
        "multiple_outputs": bool(getattr(operator, "multiple_outputs", False) or get("multiple_outputs")),
        "deferrable": one.own_default("deferrable") is True,
        "ignore_downstream_trigger_rules": one.own_default("ignore_downstream_trigger_rules"),
        "inlets": tuple(asset_name(asset) for asset in _listed(get("inlets"))),
        "outlets": tuple(asset_name(asset) for asset in _listed(get("outlets"))),
    }


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple | set) else [] if value is None else [value]


def _backoff(value: Any) -> float:
    return 2.0 if value is True else float(value or 0)


def _weight_rule(value: Any) -> str:
    text = getattr(value, "value", value)
    return text if isinstance(text, str) else dotted(text if isinstance(text, type) else type(text))


def seconds(value: Any) -> float | None:
    """Seconds of a timedelta or number."""
    return value.total_seconds() if isinstance(value, datetime.timedelta) else value


def moment(value: datetime.datetime | None) -> str | None:
    return None if value is None else value.isoformat()

"""The names that Airflow gives to templates and tasks: a row each.

The key of a row is its path. A star in it stands for any name, `x()` is a function. What is in Airflow and has no
place in Data Factory has a row that refuses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from adf_export.codes import SECRET_IN_DAG, Code
from adf_export.ir.symbols import RunField, connection, param, run, variable
from adf_export.templating.building import concat
from adf_export.templating.given import term_of_value
from adf_export.templating.kinds import ANY, DICT, INT, TEXT, kinds_of_items, kinds_of_param
from adf_export.templating.lowering import Lowering
from adf_export.templating.macros import MACROS
from adf_export.templating.methods import constant_text, invoke
from adf_export.templating.moments import formatted, iso_without_dashes, isoformat, text_of
from adf_export.templating.results import node_of
from adf_export.templating.terms import (
    NOTHING,
    Instant,
    Known,
    Namespace,
    Record,
    Symbolic,
    Term,
    Undefined,
)
from adf_export.templating.xcoms import xcom_pull
from adf_lang.nodes import Node, call

Rule = Callable[..., Term]


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """What one name means."""

    # For docs/templates.md.
    doc: str
    # (lowering, what stands for the stars ...), of a function (lowering, arguments ...).
    rule: Rule
    # False: templates that use it are refused.
    exported: bool = True


LOGICAL: Final = Instant(node=run(RunField.LOGICAL_DATE))


def _moment(field: RunField, doc: str) -> Name:
    return Name(doc=doc, rule=lambda _: Instant(node=run(field)))


def _text(doc: str, make: Callable[[Lowering], str | Node | Term | None]) -> Name:
    def rule(lowering: Lowering) -> Term:
        made = make(lowering)
        if isinstance(made, Node):
            return text_of(made)
        return Known(value=made) if isinstance(made, str | None) else made

    return Name(doc=doc, rule=rule)


def _refused(why: str, hint: str = "", code: Code | None = None) -> Name:
    def rule(lowering: Lowering, *_: Any, **__: Any) -> Term:
        raise lowering.refusal(why, hint=hint, code=code)

    return Name(doc=why, rule=rule, exported=False)


def _params(lowering: Lowering) -> Term:
    members = []
    for one in lowering.scope.dag.params:
        what = f"param '{one.name}'"
        term = Symbolic(node=param(one.name), kinds=kinds_of_param(one), what=what, items=kinds_of_items(one))
        members.append((one.name, term))
    return Record(members=tuple(members), what="params")


def _variable(_: Lowering, name: str) -> Term:
    return Symbolic(node=variable(name), kinds=TEXT, what=f"Variable '{name}'")


def _variable_get(lowering: Lowering, key: Term, default: Term = NOTHING) -> Term:
    name = constant_text(lowering, key, "the key of var.value.get()")
    if default == NOTHING:
        return _variable(lowering, name)
    kinds = TEXT if isinstance(default, Known) and isinstance(default.value, str) else ANY
    return Symbolic(node=variable(name, node_of(lowering, default)), kinds=kinds, what=f"Variable '{name}'")


def _json_variable(_: Lowering, name: str) -> Term:
    return Symbolic(node=call("json", variable(name)), what=f"Variable '{name}'")


def _json_variable_get(lowering: Lowering, key: Term, default: Term = NOTHING) -> Term:
    name = constant_text(lowering, key, "the key of var.json.get()")
    if default == NOTHING:
        return _json_variable(lowering, name)
    text = call("string", node_of(lowering, default))
    return Symbolic(node=call("json", variable(name, text)), what=f"Variable '{name}'")


def _connection(field: str, doc: str, kinds: frozenset[Any] = TEXT) -> Name:
    def rule(_: Lowering, conn_id: str) -> Term:
        return Symbolic(node=connection(conn_id, field), kinds=kinds, what=f"connection '{conn_id}'")

    return Name(doc=doc, rule=rule)


def _connection_extra(_: Lowering, conn_id: str, name: str) -> Term:
    return Symbolic(node=connection(conn_id, f"extra.{name}"), what=f"connection '{conn_id}'")


def _connection_get(lowering: Lowering, conn_id: Term) -> Term:
    return Namespace(path="conn.*", arguments=(constant_text(lowering, conn_id, "the id of a connection"),))


def _run_type(_: Lowering) -> Term:
    node = run(RunField.RUN_TYPE)
    shown = concat(("DagRunType.", call("toUpper", node)))
    return Symbolic(node=node, kinds=TEXT, what="the run's type", shown=shown)


def _map_index(lowering: Lowering) -> Term:
    if lowering.scope.task.mapping is None:
        return Known(value=-1)
    raise lowering.refusal("a ForEach does not tell the index of its item", hint="put the index into the list itself")


def _key_text(lowering: Lowering) -> Term:
    scope = lowering.scope
    return Known(value=f"{scope.dag.dag_id}__{scope.task.task_id}__")


_SECRET: Final = "a secret is never written into Data Factory's documents"
_SECRET_HINT: Final = "let the activity authenticate: name the secret in the environment file"
_NOT_KNOWN: Final = "Data Factory does not know it"
_PREVIOUS: Final = "Data Factory knows nothing of earlier runs"
_ASSETS: Final = "Data Factory has no asset events"
_LOGICAL_TEXT: Final = "text of the logical date"

# fmt: off
NAMES: Final[dict[str, Name]] = {
    "asset_state_store": _refused(_NOT_KNOWN),
    "conn.*.conn_id": Name(doc="id of a connection", rule=lambda _, conn_id: Known(value=conn_id)),
    "conn.*.conn_type": _connection("conn_type", "type of a connection, from the environment file"),
    "conn.*.extra_dejson.*": Name(doc="a member of a connection's extra", rule=_connection_extra),
    "conn.*.get_password()": _refused(_SECRET, _SECRET_HINT, SECRET_IN_DAG),
    "conn.*.get_uri()": _refused(_SECRET, _SECRET_HINT, SECRET_IN_DAG),
    "conn.*.host": _connection("host", "host of a connection, from the environment file"),
    "conn.*.login": _connection("login", "login of a connection, from the environment file"),
    "conn.*.password": _refused(_SECRET, _SECRET_HINT, SECRET_IN_DAG),
    "conn.*.port": _connection("port", "port of a connection, from the environment file", INT),
    "conn.*.schema": _connection("schema", "schema of a connection, from the environment file"),
    "conn.get()": Name(doc="a connection by its id", rule=_connection_get),
    "dag.dag_id": _text("id of the DAG", lambda lowering: lowering.scope.dag.dag_id),
    "dag.description": _text("description of the DAG", lambda lowering: lowering.scope.dag.description or None),
    "dag.owner": _text("owner of the DAG", lambda lowering: lowering.scope.dag.owner),
    "dag_run.conf": Name(
        doc="what the run was started with",
        rule=lambda _: Symbolic(node=run(RunField.CONF), kinds=DICT, what="dag_run.conf")),
    "dag_run.dag_id": _text("id of the DAG", lambda lowering: lowering.scope.dag.dag_id),
    "dag_run.data_interval_end": _moment(RunField.DATA_INTERVAL_END, "end of the data interval"),
    "dag_run.data_interval_start": _moment(RunField.DATA_INTERVAL_START, "start of the data interval"),
    "dag_run.end_date": _refused(_NOT_KNOWN),
    "dag_run.logical_date": _moment(RunField.LOGICAL_DATE, "the logical date"),
    "dag_run.run_after": _moment(RunField.RUN_AFTER, "when the run may start"),
    "dag_run.run_id": _text("id of the run", lambda _: run(RunField.RUN_ID)),
    "dag_run.run_type": Name(doc="manual or scheduled; as text DagRunType.MANUAL", rule=_run_type),
    "dag_run.start_date": _refused(_NOT_KNOWN, "use data_interval_end or dag_run.run_after"),
    "dag_run.state": _refused(_NOT_KNOWN),
    "data_interval_end": _moment(RunField.DATA_INTERVAL_END, "end of the data interval"),
    "data_interval_start": _moment(RunField.DATA_INTERVAL_START, "start of the data interval"),
    "ds": _text(f"{_LOGICAL_TEXT}, 2026-01-31", lambda _: formatted(LOGICAL.node, "yyyy-MM-dd")),
    "ds_nodash": _text(f"{_LOGICAL_TEXT}, 20260131", lambda _: formatted(LOGICAL.node, "yyyyMMdd")),
    "exception": _refused(_NOT_KNOWN),
    "expanded_ti_count": _refused(_NOT_KNOWN),
    "inlet_events": _refused(_ASSETS),
    "inlets": _refused("assets have no text in Data Factory"),
    "logical_date": _moment(RunField.LOGICAL_DATE, "the logical date"),
    "map_index_template": _refused(_NOT_KNOWN),
    "outlet_events": _refused(_ASSETS),
    "outlets": _refused("assets have no text in Data Factory"),
    "params": Name(doc="the params, each with the type of its schema or default", rule=_params),
    "partition_date": _refused(_NOT_KNOWN),
    "partition_key": _refused(_NOT_KNOWN),
    "prev_data_interval_end_success": _refused(_PREVIOUS),
    "prev_data_interval_start_success": _refused(_PREVIOUS),
    "prev_end_date_success": _refused(_PREVIOUS),
    "prev_start_date_success": _refused(_PREVIOUS),
    "reason": _refused(_NOT_KNOWN),
    "run_id": _text("id of the run", lambda _: run(RunField.RUN_ID)),
    "task.owner": _text("owner of the task", lambda lowering: lowering.scope.task.owner),
    "task.retries": Name(doc="retries of the task", rule=lambda lowering: Known(value=lowering.scope.task.retries)),
    "task.task_id": _text("id of the task", lambda lowering: lowering.scope.task.task_id),
    "task.task_type": _text(
        "class of the operator", lambda lowering: lowering.scope.task.operator.rpartition(".")[2]),
    "task_instance_key_str": _text(
        "DAG, task and ds_nodash",
        lambda lowering: _key(lowering)),
    "task_reschedule_count": _refused(_NOT_KNOWN),
    "task_state_store": _refused(_NOT_KNOWN),
    "templates_dict": _refused(_NOT_KNOWN),
    "test_mode": _refused(_NOT_KNOWN),
    "ti.dag_id": _text("id of the DAG", lambda lowering: lowering.scope.dag.dag_id),
    "ti.hostname": _refused(_NOT_KNOWN),
    "ti.map_index": Name(doc="-1, of a task that is not mapped", rule=_map_index),
    "ti.run_id": _text("id of the run", lambda _: run(RunField.RUN_ID)),
    "ti.start_date": _refused(_NOT_KNOWN, "use data_interval_end or dag_run.run_after"),
    "ti.state": _refused(_NOT_KNOWN),
    "ti.task_id": _text("id of the task", lambda lowering: lowering.scope.task.task_id),
    "ti.try_number": _refused("Data Factory does not tell the number of an attempt"),
    "ti.xcom_pull()": Name(doc="an XCom of another task", rule=xcom_pull),
    "ti.xcom_push()": _refused("a template cannot push an XCom", "let a task of its own give the value"),
    "triggering_asset_events": _refused(_ASSETS),
    "try_number": _refused("Data Factory does not tell the number of an attempt"),
    "ts": _text(f"{_LOGICAL_TEXT}, 2026-01-31T00:00:00+00:00", lambda _: isoformat(LOGICAL)),
    "ts_nodash": _text(f"{_LOGICAL_TEXT}, 20260131T000000", lambda _: formatted(LOGICAL.node, "yyyyMMddTHHmmss")),
    "ts_nodash_with_tz": _text(f"{_LOGICAL_TEXT}, 20260131T000000+0000", lambda _: iso_without_dashes(LOGICAL)),
    "var.json.*": Name(doc="a Variable, read as JSON", rule=_json_variable),
    "var.json.get()": Name(doc="a Variable, read as JSON, or a default", rule=_json_variable_get),
    "var.value.*": Name(doc="a Variable, as text", rule=_variable),
    "var.value.get()": Name(doc="a Variable, as text, or a default", rule=_variable_get),
} | {f"macros.{path}": Name(doc=doc, rule=rule, exported=exported) for path, (doc, rule, exported) in MACROS.items()}
# fmt: on

ALIASES: Final = {"task_instance": "ti"}
# Names of Airflow 2, and what to write instead.
REMOVED: Final = {
    "conf": "use dag_run.conf",
    "execution_date": "use logical_date",
    "next_ds": "use data_interval_end | ds",
    "next_ds_nodash": "use data_interval_end | ds_nodash",
    "next_execution_date": "use data_interval_end",
    "prev_ds": "use macros.ds_add(ds, -1) or what your schedule means",
    "prev_ds_nodash": "use macros.ds_add(ds, -1) or what your schedule means",
    "prev_execution_date": "use prev_data_interval_start_success, or calculate it",
    "tomorrow_ds": "use macros.ds_add(ds, 1)",
    "tomorrow_ds_nodash": "use macros.ds_format(macros.ds_add(ds, 1), '%Y-%m-%d', '%Y%m%d')",
    "yesterday_ds": "use macros.ds_add(ds, -1)",
    "yesterday_ds_nodash": "use macros.ds_format(macros.ds_add(ds, -1), '%Y-%m-%d', '%Y%m%d')",
}


def _key(lowering: Lowering) -> Node:
    scope = lowering.scope
    start = f"{scope.dag.dag_id}__{scope.task.task_id}__"
    return concat((start, formatted(LOGICAL.node, "yyyyMMdd")))


def root(lowering: Lowering, name: str) -> Term:
    """A name at the beginning of an expression: Airflow's, or one of the DAG's macros."""
    found = _found(lowering, Namespace(path=""), ALIASES.get(name, name))
    if not isinstance(found, Undefined):
        return found
    macros = dict(lowering.scope.dag.macros)
    if name not in macros:
        return Undefined(name=name, known=(*found.known, *macros), hint=REMOVED.get(name, ""))
    value = term_of_value(macros[name])
    if value is None:
        raise lowering.refusal(f"the macro '{name}' of the DAG is no constant", hint="write its value, or a param")
    return value


def has_root(name: str) -> bool:
    """Whether Airflow's context has such a name."""
    path = ALIASES.get(name, name)
    return path in NAMES or any(key.startswith((f"{path}.", f"{path}()")) for key in NAMES)


def member(lowering: Lowering, of: Namespace, name: str) -> Term:
    """A member of an object of Airflow."""
    more = dict(of.more)
    if name in more:
        return more[name]
    return _found(lowering, of, name) if of.path else root(lowering, name)


def call_name(lowering: Lowering, called: Namespace, arguments: list[Term], named: Mapping[str, Term]) -> Term:
    """A function of Airflow, called.

    Raises:
        Refusal: it is no function.
    """
    found = NAMES.get(f"{called.path}()")
    if found is None:
        raise lowering.refusal(f"'{called.path}' is no function")
    return invoke(lowering, f"{called.path}()", found.rule, arguments, named)


def _found(lowering: Lowering, of: Namespace, name: str) -> Term:
    start = f"{of.path}." if of.path else ""
    for step, arguments in ((name, of.arguments), ("*", (*of.arguments, name))):
        path = f"{start}{step}"
        if path in NAMES:
            return NAMES[path].rule(lowering, *arguments)
        if any(key.startswith((f"{path}.", f"{path}()")) for key in NAMES):
            return Namespace(path=path, arguments=arguments)
    siblings = {key[len(start) :].partition(".")[0].removesuffix("()") for key in NAMES if key.startswith(start)}
    return Undefined(name=f"{start}{name}", known=tuple(sorted(f"{start}{sibling}" for sibling in siblings - {"*"})))

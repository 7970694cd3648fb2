"""Puts in what the symbols stand for: XComs, fields of the run, params, Variables, connections.

An XCom is read from the activity that gives it where its task has surely succeeded. Else a SetVariable behind that
activity keeps it in an array variable: of a variable that nobody set, `?[0]` is null, Airflow's None.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from adf_export.codes import (
    CONNECTION_NOT_CONFIGURED,
    SETTING_NOT_EXPORTED,
    VARIABLE_NOT_CONFIGURED,
    XCOM_MAY_BE_MISSING,
    XCOM_NOT_AVAILABLE,
)
from adf_export.context import Context
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.environment import Connection
from adf_export.ir import symbols
from adf_export.ir.factory import Activity, Condition, Dependency, Parameter, PipelineVariable, Role, obj
from adf_export.ir.origin import Origin
from adf_export.ir.symbols import RunField
from adf_export.ir.unit import Draft, Resources, Unit
from adf_export.passes.params import read_param
from adf_export.passes.results import ancestors, producer, surely_succeeded
from adf_export.passes.rewriting import rewrite_activity, rewrite_node
from adf_export.passes.run_fields import run_field
from adf_export.passes.translate import join
from adf_lang.nodes import Call, Index, Literal, Node, call, literal, select

_ANY: Final = (Condition.COMPLETED, Condition.SKIPPED)
_RUN_NAMES: Final = frozenset(field.value for field in RunField)


def link(draft: Draft, context: Context) -> Draft:
    """The draft without symbols.

    Raises:
        Refusal: an XCom that nobody gives, or that may not be there yet.
    """
    return _Linker(draft, context).link()


class _Linker:
    def __init__(self, draft: Draft, context: Context) -> None:
        self._draft = draft
        self._context = context
        self._sure = surely_succeeded(draft)
        self._ancestors = ancestors(draft)
        self._parameters: dict[str, Parameter] = {}
        self._globals: dict[str, Parameter] = {}
        # (task, key) -> the activity that keeps the XCom.
        self._kept: dict[tuple[str, str], Activity] = {}
        self._variables: dict[str, PipelineVariable] = {}
        self._waits: list[str] = []
        self._owner: Unit | None = None
        self._origin = draft.dag.origin

    def link(self) -> Draft:
        linked = tuple(self._activity(activity) for activity in self._draft.activities)
        self._check_names()
        return replace(
            self._draft,
            activities=(*linked, *self._kept.values()),
            parameters=(*self._draft.parameters, *self._parameters.values()),
            variables=(*self._draft.variables, *self._variables.values()),
            resources=join(self._draft.resources, Resources(global_parameters=self._globals)),
        )

    def _activity(self, activity: Activity) -> Activity:
        self._waits = []
        self._origin = activity.origin
        self._owner = producer(self._draft, activity.origin.task_id)
        linked = rewrite_activity(activity, self._symbol)
        present = {edge.activity for edge in activity.depends_on}
        more = tuple(name for name in dict.fromkeys(self._waits) if name not in present)
        return replace(
            linked, depends_on=(*linked.depends_on, *(Dependency(activity=name, conditions=_ANY) for name in more))
        )

    def _symbol(self, node: Node) -> Node | None:
        if not isinstance(node, Call) or node.name not in symbols.SYMBOLS:
            return None
        return self._RULES[node.name](self, node)

    def _xcom(self, node: Call) -> Node:
        task_id, key = _texts(node)
        source = producer(self._draft, task_id)
        result = dict(source.results).get(key) if source else None
        if source is None or result is None:
            raise self._refusal(XCOM_NOT_AVAILABLE, f"no exported task gives XCom '{key}' of '{task_id}'")
        # The result may hold symbols itself: they are read where it stands.
        if self._owner is None or self._owner.id == source.id or source.id in self._sure[self._owner.id]:
            return rewrite_node(result, self._symbol)
        if source.id not in self._ancestors[self._owner.id]:
            hint = f"let '{task_id}' be upstream of '{self._origin.task_id}'"
            summary = f"'{self._origin.task_id}' reads the XCom of '{task_id}', which may not have run"
            raise self._refusal(XCOM_MAY_BE_MISSING, summary, hint=hint)
        return self._from_variable(source, key, result)

    def _from_variable(self, source: Unit, key: str, result: Node) -> Node:
        place = (source.id, key)
        if place not in self._kept:
            name = self._context.names.take(f"{source.id}_keep_{key}")
            self._variables[name] = PipelineVariable(name=name, type="Array", default=())
            value = call("createArray", rewrite_node(result, self._symbol))
            self._kept[place] = Activity(
                name=name,
                type="SetVariable",
                role=Role.HELPER,
                origin=source.origin,
                description=f"Keeps XCom '{key}' for tasks that also run without it.",
                depends_on=(Dependency(activity=source.steps[-1].name),),
                properties=obj(variableName=name, value=value),
            )
        self._waits.append(self._kept[place].name)
        return Index(target=call("variables", literal(self._kept[place].name)), index=literal(0), safe=True)

    def _run(self, node: Call) -> Node:
        given = run_field(RunField(_texts(node)[0]), self._draft.dag)
        self._parameters |= {parameter.name: parameter for parameter in given.parameters}
        return given.node

    def _param(self, node: Call) -> Node:
        return read_param(_texts(node)[0], self._draft.dag)

    def _variable(self, node: Call) -> Node:
        name = _text(node.arguments[0])
        value = self._context.environment.variables.get(name)
        if value is None and len(node.arguments) > 1:
            return rewrite_node(node.arguments[1], self._symbol)
        if value is None:
            summary = f"the environment file gives no value for Variable '{name}': an empty text is written"
            hint = f'add {name} = "..." to [variables] of the file that --env names'
            self._context.report(diagnostic(VARIABLE_NOT_CONFIGURED, summary, origin=self._origin, hint=hint))
        text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
        self._globals[name] = Parameter(name=name, type="String", default=text)
        return select(call("pipeline"), "globalParameters", name)

    def _connection(self, node: Call) -> Node:
        conn_id, field = _texts(node)
        found = self._context.environment.connection(conn_id)
        if not found.configured:
            summary = f"connection '{conn_id}' is not in the environment file: its address ends with .invalid"
            hint = f"add [connections.{conn_id}] to the file that --env names"
            self._context.report(diagnostic(CONNECTION_NOT_CONFIGURED, summary, origin=self._origin, hint=hint))
        return _field(found, field)

    def _mapped(self, node: Call) -> Node:
        raise AssertionError(f"{node} is left over: no pass before this one gave it a place")

    def _check_names(self) -> None:
        """A param and a field of the run must not share a parameter."""
        taken = {name.lower() for name in self._parameters}
        for param in self._draft.dag.params:
            if param.name.lower() in taken:
                summary = f"param '{param.name}' has the name of a parameter that holds a field of the run"
                raise self._refusal(
                    SETTING_NOT_EXPORTED, summary, hint="rename the param", origin=self._draft.dag.origin
                )

    def _refusal(self, code: Any, summary: str, *, hint: str = "", origin: Origin | None = None) -> Refusal:
        return Refusal(diagnostic(code, summary, origin=origin or self._origin, hint=hint))

    _RULES: Final[Mapping[str, Callable[["_Linker", Call], Node]]] = {
        symbols.XCOM: _xcom,
        symbols.RUN: _run,
        symbols.PARAM: _param,
        symbols.VARIABLE: _variable,
        symbols.CONNECTION: _connection,
        symbols.MAP_ITEM: _mapped,
        symbols.GROUP_ITEM: _mapped,
    }


def _field(found: Connection, field: str) -> Node:
    if field.startswith("extra."):
        return _constant(found.extra.get(field.removeprefix("extra.")))
    if field == "host" and not found.configured:
        return literal(f"{found.conn_id}.invalid")
    return _constant(getattr(found, "type" if field == "conn_type" else field))


def _constant(value: Any) -> Node:
    if isinstance(value, dict | list):
        return call("json", literal(json.dumps(value)))
    return literal(value)


def _texts(node: Call) -> tuple[str, ...]:
    return tuple(_text(part) for part in node.arguments)


def _text(node: Node) -> str:
    value = node.value if isinstance(node, Literal) else None
    assert isinstance(value, str), f"{node} is no constant text"
    return value

"""The names that Airflow gives to templates: a row each.

A row's key is a path. `x.*` is any member of x; `x()` a function. What is not here, Airflow does not have, but for the
rows whose function refuses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from adf_export.ir.symbols import RunField, param, run, variable, xcom
from adf_export.templating.kinds import TEXT, kinds_of_param
from adf_export.templating.lowering import Lowering
from adf_export.templating.methods import invoke
from adf_export.templating.moments import formatted, pattern_of, text_of, unformatted
from adf_export.templating.operators import kinds
from adf_export.templating.results import node_of
from adf_export.templating.terms import NOTHING, Callee, Instant, Known, Namespace, Symbolic, Term, Undefined
from adf_lang.nodes import Node, call

Rule = Callable[..., Term]
_RETURN_VALUE: Final = Known(value="return_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """What one name means."""

    # For docs/templates.md.
    doc: str
    # (lowering), of `x.*` (lowering, member), of `x()` (lowering, arguments ...).
    rule: Rule


def moment(field: RunField) -> Rule:
    return lambda lowering: Instant(node=run(field))


def text(make: Callable[[Lowering], str | Node]) -> Rule:
    def rule(lowering: Lowering) -> Term:
        made = make(lowering)
        return Known(value=made) if isinstance(made, str) else text_of(made)

    return rule


def refused(why: str, hint: str = "") -> Rule:
    def rule(lowering: Lowering, *_: Any, **__: Any) -> Term:
        raise lowering.refusal(why, hint=hint)

    return rule


LOGICAL: Final = Instant(node=run(RunField.LOGICAL_DATE))


def _param(lowering: Lowering, name: str) -> Term:
    found = next((param for param in lowering.scope.dag.params if param.name == name), None)
    if found is None:
        return Undefined(name=f"params.{name}", known=tuple(f"params.{p.name}" for p in lowering.scope.dag.params))
    return Symbolic(node=param(name), kinds=kinds_of_param(found), what=f"param '{name}'")


def _variable(lowering: Lowering, name: str) -> Term:
    return Symbolic(node=variable(name), kinds=TEXT, what=f"Variable '{name}'")


def _macro_ds_add(lowering: Lowering, ds: Term, days: Term) -> Term:
    """A date so many days later."""
    if not kinds(ds) & TEXT:
        raise lowering.refusal(
            "macros.ds_add takes a text such as 2026-01-31", hint="use {{ macros.ds_add(x | ds, 1) }}"
        )
    if days == Known(value=0):
        return ds
    node = node_of(lowering, ds)
    if pattern_of(node) == "yyyy-MM-dd":
        node = unformatted(node)
    return text_of(formatted(call("addDays", node, node_of(lowering, days)), "yyyy-MM-dd"))


def _xcom_pull(lowering: Lowering, task_ids: Term = NOTHING, key: Term = _RETURN_VALUE) -> Term:
    assert isinstance(task_ids, Known)
    assert isinstance(key, Known)
    return Symbolic(node=xcom(task_ids.value, key.value), what=f"the XCom of '{task_ids.value}'")


NAMES: Final[dict[str, Name]] = {
    "dag_run.run_after": Name(doc="when the run may start", rule=moment(RunField.RUN_AFTER)),
    "data_interval_end": Name(doc="end of the data interval", rule=moment(RunField.DATA_INTERVAL_END)),
    "data_interval_start": Name(doc="start of the data interval", rule=moment(RunField.DATA_INTERVAL_START)),
    "ds": Name(doc="logical date, 2026-01-31", rule=text(lambda _: formatted(LOGICAL.node, "yyyy-MM-dd"))),
    "logical_date": Name(doc="logical date", rule=moment(RunField.LOGICAL_DATE)),
    "macros.ds_add()": Name(doc="a date so many days later", rule=_macro_ds_add),
    "params.*": Name(doc="a param, with its type", rule=_param),
    "run_id": Name(doc="id of the run", rule=text(lambda _: run(RunField.RUN_ID))),
    "ti.xcom_pull()": Name(doc="an XCom", rule=_xcom_pull),
    "var.value.*": Name(doc="a Variable, as text", rule=_variable),
}


ALIASES: Final = {"task_instance": "ti"}


def root(lowering: Lowering, name: str) -> Term:
    """A name at the beginning of an expression."""
    return _found(lowering, ALIASES.get(name, name), name)


def member(lowering: Lowering, path: str, name: str) -> Term:
    """A member of an object of Airflow."""
    return _found(lowering, f"{path}.{name}", name)


def _found(lowering: Lowering, path: str, name: str) -> Term:
    if path in NAMES:
        return NAMES[path].rule(lowering)
    if f"{path}()" in NAMES:
        rule = NAMES[f"{path}()"].rule
        return Callee(
            name=f"{path}()",
            call=lambda *arguments, **named: invoke(lowering, f"{path}()", rule, list(arguments), named),
        )
    if any(key.startswith(f"{path}.") for key in NAMES):
        return Namespace(path=path)
    parent, _, _ = path.rpartition(".")
    if f"{parent}.*" in NAMES:
        return NAMES[f"{parent}.*"].rule(lowering, name)
    return Undefined(name=path, known=_siblings(parent))


def _siblings(parent: str) -> tuple[str, ...]:
    start = f"{parent}." if parent else ""
    found = {key[len(start) :].partition(".")[0].removesuffix("()") for key in NAMES if key.startswith(start)}
    return tuple(sorted(f"{start}{name}" for name in found - {"*"}))

"""What a DAG gives for one operator, in its call, by default_args or by `partial`, and what Airflow makes of it."""

import inspect
from collections.abc import Iterable
from types import CodeType
from typing import Any, Final

from airflow.sdk.bases.operator import OPERATOR_DEFAULTS, BaseOperator
from airflow.sdk.definitions.mappedoperator import MappedOperator

from adf_export.frontend import syntax
from adf_export.frontend.recorder import Recorder


class Operator:
    """One operator, mapped or not, with what the DAG gave for it."""

    def __init__(self, operator: Any, recorder: Recorder) -> None:
        self.operator = operator
        self.is_mapped = isinstance(operator, MappedOperator)
        self.kind: type[BaseOperator] = operator.operator_class if self.is_mapped else type(operator)
        self.spot = recorder.spot(operator)
        self.said = syntax.keywords(self.spot, _decorated(operator, self.kind))
        own = self._own(recorder)
        self.given: dict[str, Any] = own | self._defaults(own, recorder)

    def _own(self, recorder: Recorder) -> dict[str, Any]:
        """Arguments that the call gives; later assignments to the task count."""
        if self.is_mapped:
            partial: dict[str, Any] = self.operator.partial_kwargs
            function = getattr(self.operator, "python_callable", None)
            decorated = {"python_callable": function} if function else {}
            return decorated | {name: value for name, value in partial.items() if not _is_default(name, value)}
        kept = getattr(self.operator, "_BaseOperator__init_kwargs", {})
        return {name: kept.get(name, value) for name, value in recorder.arguments(self.operator).items()}

    def _defaults(self, own: dict[str, Any], recorder: Recorder) -> dict[str, Any]:
        """Arguments that come from default_args: of the DAG, the group, then the call."""
        groups = [self.operator.task_group] if self.operator.task_group else []
        merged: dict[str, Any] = dict(self.operator.dag.default_args)
        for more in (*(group.default_args for group in groups), own.get("default_args") or {}):
            merged.update(more)
        taken = {name for base in self.kind.__mro__ for name in _arguments(base)}
        # A subclass of the user's may give the argument itself: then that counts.
        kept = {} if self.is_mapped else getattr(self.operator, "_BaseOperator__init_kwargs", {})
        return {name: kept.get(name, value) for name, value in merged.items() if name in taken and name not in own}

    def attribute(self, name: str) -> Any:
        """What Airflow has for an argument of BaseOperator."""
        if not self.is_mapped:
            return getattr(self.operator, name, None)
        if name in ("start_date", "end_date"):
            return getattr(self.operator, name)
        return self.operator.partial_kwargs.get(name, OPERATOR_DEFAULTS.get(name, _BASE_DEFAULTS.get(name)))

    def own_default(self, name: str) -> Any:
        """An attribute of the operator's own class: of a mapped one as given, or as its constructor defaults it."""
        if not self.is_mapped:
            return getattr(self.operator, name, None)
        if name in self.given:
            return self.given[name]
        return next((found for base in self.kind.__mro__ if (found := _default_of(base, name)) is not None), None)


_BASE_DEFAULTS: Final = {"do_xcom_push": True, "pool": "default_pool", "multiple_outputs": False}


def _decorated(operator: Any, kind: type) -> CodeType | None:
    """The function of a decorated task."""
    is_decorated = str(getattr(kind, "custom_operator_name", "")).startswith("@")
    function = getattr(operator, "python_callable", None) if is_decorated else None
    return getattr(inspect.unwrap(function), "__code__", None) if function else None


# `@task` hands them on; the operator has them as attributes.
_FLAGS: Final = frozenset({"is_setup", "is_teardown", "on_failure_fail_dagrun"})


def _is_default(name: str, value: Any) -> bool:
    """Whether `partial` has put in the value by itself."""
    if name in OPERATOR_DEFAULTS:
        return bool(value == OPERATOR_DEFAULTS[name]) or value == []
    return name in _FLAGS or (name == "max_retry_delay" and value is None)


def _arguments(base: type) -> Iterable[str]:
    init = base.__dict__.get("__init__")
    return getattr(init, "_BaseOperatorMeta__param_names", ())


def _default_of(base: type, name: str) -> Any:
    init = base.__dict__.get("__init__")
    found = inspect.signature(init).parameters.get(name) if init else None
    return None if found is None or found.default is found.empty else found.default

"""Objects that a DAG hands to an API, member by member: each is taken by a translator, or it is refused."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from adf_export.codes import BEHAVIOUR_DIFFERS, FIELD_IGNORED, FIELD_INVALID, FIELD_NOT_CONSTANT, FIELD_NOT_EXPORTED
from adf_export.diagnostics import Refusal
from adf_export.ir.factory import Json, Object
from adf_export.operators.mapped_items import field_value, kinds_of_item
from adf_export.operators.marked_texts import Part, marked, parts_of, text_of, unmarked
from adf_export.operators.workbench import Workbench
from adf_export.templating.building import NULL, inner
from adf_export.templating.given import kinds_of_node
from adf_export.templating.kinds import BOOL, DICT, INT, LIST, TEXT
from adf_lang.nodes import Interpolation, Literal, Node, Text, call

# What an API takes for nothing.
_NOTHING: Final = (None, "", (), Object(), NULL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A value and where the DAG gives it."""

    bench: Workbench
    # Argument of the operator that it is a part of.
    field: str
    # "notebook_task.source"
    place: str
    value: Json

    def text(self) -> str | Node:
        """A scalar as the text that the Databricks API takes it for: 5, true.

        Raises:
            Refusal: it is a list or an object.
        """
        value = self.value
        if isinstance(value, Interpolation):
            return value
        if isinstance(value, Literal | Text):
            value = value.value
        if isinstance(value, bool):
            return "true" if value else "false"
        if value is None:
            raise self.invalid("is None, which no text stands for")
        if isinstance(value, Object | tuple):
            raise self.invalid("is a list or an object, and only a text can be passed")
        return self._text_of(value) if isinstance(value, Node) else str(value)

    def constant(self) -> str:
        """A text that is known when the DAG is compiled.

        Raises:
            Refusal: it is an expression.
        """
        found = self.text()
        if isinstance(found, str):
            return found
        what = f"'{self.place}' of {self.bench.short_operator} '{self.bench.task.task_id}'"
        raise self.bench.refusal(
            FIELD_NOT_CONSTANT,
            f"{what} must be known when the DAG is compiled",
            field=self.field,
            hint="give a constant instead of a template, an XCom or a mapped value",
        )

    def payload(self) -> "Payload":
        """An object's members, but for those that say nothing.

        Raises:
            Refusal: it is no object, or known at run time only.
        """
        return Payload(self._members())

    def texts(self) -> Object | Node:
        """An object whose members are data, as texts; likewise, but that it may be known at run time only."""
        if isinstance(self.value, Node) and self.value != NULL:
            return self._text_of(self.value)
        return Object(tuple((name, member.text()) for name, member in self._members().items()))

    def parsed(self) -> "Given":
        """A text of JSON, perhaps with expressions in its texts, as what it says; anything else as it is.

        Raises:
            Refusal: it is a text of something else.
        """
        if not isinstance(self.value, str | Interpolation | Text):
            return self
        parts = parts_of(self.value)
        try:
            return replace(self, value=_from_json(json.loads(marked(parts)), parts))
        except ValueError:
            raise self.invalid("is a text that is no JSON when the DAG is compiled") from None

    def items(self) -> tuple["Given", ...]:
        """A list's items; likewise."""
        if not isinstance(self.value, tuple):
            raise self.invalid("must be a list that is known when the DAG is compiled")
        return tuple(self._part(f"[{index}]", item) for index, item in enumerate(self.value))

    def refusal(self, why: str, *, hint: str = "") -> Refusal:
        summary = f"'{self.place}' of {self.bench.short_operator} cannot be exported: {why}"
        return self.bench.refusal(FIELD_NOT_EXPORTED, summary, field=self.field, hint=hint)

    def invalid(self, why: str, *, hint: str = "") -> Refusal:
        summary = f"'{self.place}' of {self.bench.short_operator} {why}"
        return self.bench.refusal(FIELD_INVALID, summary, field=self.field, hint=hint)

    def ignored(self, why: str) -> None:
        summary = f"'{self.place}' of {self.bench.short_operator} is left out: {why}"
        self.bench.tell(FIELD_IGNORED, summary, field=self.field)

    def _members(self) -> "dict[str, Given]":
        if not isinstance(self.value, Object):
            raise self.invalid("must be a dict that is known when the DAG is compiled")
        return {name: self._part(f".{name}", member) for name, member in self.value.members}

    def _part(self, step: str, value: Json) -> "Given":
        return Given(bench=self.bench, field=self.field, place=f"{self.place}{step}", value=value)

    def _text_of(self, node: Node) -> Node:
        kinds = kinds_of_item(self.bench.task, node) or kinds_of_node(inner(node), self.bench.dag)
        if kinds <= TEXT | INT:
            return node
        if kinds <= BOOL:
            return call("toLower", call("string", node))
        if kinds <= LIST | DICT:
            raise self.invalid("is a list or an object, and only a text can be passed")
        self.bench.tell(
            BEHAVIOUR_DIFFERS,
            f"'{self.place}' of {self.bench.short_operator} is passed as Data Factory writes it, if it is no text",
            field=self.field,
            detail="A boolean is written True, where Airflow sends true; a float 1E+20, where it sends 1e+20.",
        )
        return node


def argument(bench: Workbench, field: str) -> Given:
    """What the DAG gives for an argument."""
    return Given(bench=bench, field=field, place=field, value=field_value(bench, field))


def _from_json(value: Any, parts: tuple[Part, ...]) -> Json:
    if isinstance(value, dict):
        return Object(tuple((name, _from_json(member, parts)) for name, member in value.items()))
    if isinstance(value, list):
        return tuple(_from_json(item, parts) for item in value)
    return text_of(tuple(unmarked(value, parts))) if isinstance(value, str) else value


class Payload:
    """The members of one object that are not taken yet."""

    def __init__(self, members: Mapping[str, Given]) -> None:
        self._left = {name: given for name, given in members.items() if given.value not in _NOTHING}

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._left))

    def value(self, name: str) -> Json:
        """A member's value, which is looked at without taking it; None where the object has none."""
        return self._left[name].value if name in self._left else None

    def take(self, name: str) -> Given | None:
        """A member, None where the object has none; who takes it exports it."""
        return self._left.pop(name, None)

    def take_all(self) -> dict[str, Given]:
        """All members that are left, by their names."""
        return dict(self._drain())

    def ignore(self, reasons: Mapping[str, str]) -> None:
        """Tells of members that have no meaning in Data Factory."""
        for name in self:
            if name in reasons:
                self._left.pop(name).ignored(reasons[name])

    def close(self, reasons: Mapping[str, tuple[str, str]]) -> None:
        """Refuses what is left; `reasons`: member -> why, and the remedy.

        Raises:
            Refusal: something is left.
        """
        self.refuse(reasons)
        for _, given in self._drain():
            raise given.refusal("the activity has no such setting")

    def refuse(self, reasons: Mapping[str, tuple[str, str]]) -> None:
        """Refuses a member that has a reason.

        Raises:
            Refusal: there is one.
        """
        for name, given in self._left.items():
            if name in reasons:
                why, hint = reasons[name]
                raise given.refusal(why, hint=hint)

    def _drain(self) -> Iterator[tuple[str, Given]]:
        while self._left:
            name = next(iter(self._left))
            yield name, self._left.pop(name)

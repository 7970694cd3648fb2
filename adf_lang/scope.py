"""What an expression can see: parameters, variables, activities, the item of a loop, the clock."""

import datetime
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from adf_lang.choices import DEFAULT, Choices
from adf_lang.errors import nearest
from adf_lang.types import Value

if TYPE_CHECKING:
    import random
    import uuid

NOTHING: Mapping[str, Value] = {}


class Missing:
    """No item, no trigger: reading it is an error, and null is a value."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()

# Key of `Scope.from_dict` -> the argument of `Scope`.
KEYS = {
    "parameters": "parameters",
    "globalParameters": "global_parameters",
    "system": "system",
    "variables": "variables",
    "activities": "activities",
    "item": "item",
    "trigger": "trigger",
    "triggerBody": "trigger_body",
    "dataset": "dataset",
    "linkedService": "linked_service",
}


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _instant(text: Any) -> datetime.datetime:
    try:
        found = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError(f"'utcNow' of a scope must be an ISO 8601 text, not {text!r}") from None
    return found.replace(tzinfo=datetime.UTC) if found.tzinfo is None else found.astimezone(datetime.UTC)


class Scope:
    """The names of one evaluation; nothing in it is ever changed.

    Args:
        parameters: run parameters of the pipeline by name, `pipeline().parameters.x`.
        global_parameters: `pipeline().globalParameters.x`.
        system: the other members of `pipeline()`: RunId, Pipeline, DataFactory, TriggerTime ...
        variables: `variables('x')`.
        activities: `activity('x')`: {"output", "status", "error"} of each activity that has run.
        item: `item()` of the innermost ForEach or Filter.
        trigger: `trigger()`, in the parameters of a trigger only; `trigger_body`: `triggerBody()`.
        dataset, linked_service: parameters of those, in their own documents only.
        now: the clock, an aware UTC time.
        random: where rand() and guid() come from.
        choices: how to read what Microsoft's page and engine tell differently.
    """

    def __init__(
        self,
        *,
        parameters: Mapping[str, Value] = NOTHING,
        global_parameters: Mapping[str, Value] = NOTHING,
        system: Mapping[str, Value] = NOTHING,
        variables: Mapping[str, Value] = NOTHING,
        activities: Mapping[str, Mapping[str, Value]] = NOTHING,
        item: Value | Missing = MISSING,
        trigger: Value | Missing = MISSING,
        trigger_body: Value | Missing = MISSING,
        dataset: Mapping[str, Value] | Missing = MISSING,
        linked_service: Mapping[str, Value] | Missing = MISSING,
        now: Callable[[], datetime.datetime] = _now,
        random: "random.Random | None" = None,
        choices: Choices = DEFAULT,
    ) -> None:
        self.parameters = parameters
        self.global_parameters = global_parameters
        self.system = system
        self.variables = variables
        self.activities = activities
        self.item = item
        self.trigger = trigger
        self.trigger_body = trigger_body
        self.dataset = dataset
        self.linked_service = linked_service
        self.now = now
        self._random = random
        self.choices = choices

    @classmethod
    def from_dict(cls, names: Mapping[str, Any], **others: Any) -> "Scope":
        """A scope from JSON: the keys of `KEYS`, all optional; `others` are passed on (now, random, choices).

        `utcNow`, an ISO 8601 text, stops the clock at that time.

        Raises:
            ValueError: an unknown key, with the nearest one; a member of the wrong type.
        """
        arguments: dict[str, Any] = {}
        for key, value in names.items():
            if key == "utcNow":
                arguments["now"] = partial(_instant, value)
                _instant(value)
                continue
            if key not in KEYS:
                hint = nearest(key, [*KEYS, "utcNow"])
                raise ValueError(f"a scope has no '{key}'" + (f"; {hint}" if hint else ""))
            if key not in ("item", "trigger", "triggerBody") and not isinstance(value, Mapping):
                raise ValueError(f"'{key}' of a scope must be an object, not {type(value).__name__}")
            arguments[KEYS[key]] = value
        for name, activity in arguments.get("activities", {}).items():
            if not isinstance(activity, Mapping):
                raise ValueError(f"activity '{name}' of a scope must be an object with output, status and error")
        return cls(**arguments, **others)

    @cached_property
    def pipeline(self) -> dict[str, Value]:
        """What `pipeline()` gives."""
        return {
            **self.system,
            "parameters": self._plain(self.parameters),
            "globalParameters": self._plain(self.global_parameters),
        }

    @cached_property
    def random(self) -> "random.Random":
        """Where rand() and guid() come from; imported when first needed."""
        import random

        return self._random if self._random is not None else random.Random()

    def new_uuid(self) -> "uuid.UUID":
        """A random UUID of version 4."""
        import uuid

        return uuid.UUID(int=self.random.getrandbits(128), version=4)

    @staticmethod
    def _plain(names: Mapping[str, Value]) -> dict[str, Value]:
        return names if isinstance(names, dict) else dict(names)

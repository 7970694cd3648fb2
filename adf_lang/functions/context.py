"""The names of the surroundings, written as functions: pipeline(), variables('x'), activity('x'), item(), ..."""

from collections.abc import Mapping

from adf_lang.errors import nearest
from adf_lang.registry import RefusalError, function
from adf_lang.scope import Missing, Scope
from adf_lang.types import Value
from adf_lang.values import find_member


class UnknownNameError(RefusalError):
    """A name that is not there; `hint` gives the nearest ones."""

    def __init__(self, reason: str, *, hint: str | None, argument: int | None = None) -> None:
        super().__init__(reason, argument=argument)
        self.hint = hint


def _find(kind: str, names: Mapping[str, Value], name: str) -> Value:
    key = find_member(names, name)
    if key is None:
        raise UnknownNameError(f"there is no {kind} '{name}' here", hint=nearest(name, names), argument=0)
    return names[key]


def _present(value: Value | Missing, what: str) -> Value:
    if isinstance(value, Missing):
        raise RefusalError(what)
    return value


@function("pipeline() -> object", scoped=True)
def pipeline(scope: Scope) -> Value:
    """The run: RunId, Pipeline, TriggerTime ..., `parameters` and `globalParameters`."""
    return scope.pipeline


@function("variables(name: string) -> any", scoped=True)
def variables(scope: Scope, name: str) -> Value:
    """The value of a variable of the pipeline."""
    return _find("variable", scope.variables, name)


@function("activity(name: string) -> object", scoped=True)
def activity(scope: Scope, name: str) -> Value:
    """An activity that has run: `output`, `status` and `error`."""
    key = find_member(scope.activities, name)
    if key is None:
        raise UnknownNameError(
            f"activity '{name}' has not run when this is evaluated",
            hint=nearest(name, scope.activities) or "let this activity depend on it",
            argument=0,
        )
    found = scope.activities[key]
    if found.get("status") == "Skipped":
        raise RefusalError(f"activity '{key}' was skipped: it has no output, error or status", argument=0)
    return found if isinstance(found, dict) else dict(found)


@function("item() -> any", scoped=True)
def item(scope: Scope) -> Value:
    """The item of the innermost ForEach or Filter."""
    return _present(scope.item, "item() is known only inside a ForEach or a Filter")


@function("trigger() -> any", scoped=True)
def trigger(scope: Scope) -> Value:
    """What fired: scheduledTime, startTime, outputs; only in the parameters of a trigger."""
    return _present(scope.trigger, "trigger() is known only in the parameters of a trigger: pass it as one")


@function("triggerBody() -> any", scoped=True)
def trigger_body(scope: Scope) -> Value:
    """The event: fileName and folderPath, or event; only in the parameters of an event trigger."""
    return _present(scope.trigger_body, "triggerBody() is known only in the parameters of an event trigger")


@function("dataset() -> object", scoped=True)
def dataset(scope: Scope) -> Value:
    """The parameters of the dataset; only in a dataset."""
    return _present(scope.dataset, "dataset() is known only in a dataset")


@function("linkedService() -> object", scoped=True)
def linked_service(scope: Scope) -> Value:
    """The parameters of the linked service; only in a linked service."""
    return _present(scope.linked_service, "linkedService() is known only in a linked service")

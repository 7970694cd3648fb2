"""Which activity may stand inside of which: concepts-nested-activities, and what real factories do."""

from collections.abc import Mapping
from typing import Final

from adf_export.validate.subject import Found, Problem, Subject

LOOPS: Final = ("ForEach", "Until")
_CHOICES: Final = ("IfCondition", "Switch")
# Type -> types that may not stand in it, at any depth.
_FORBIDDEN: Final[Mapping[str, tuple[str, ...]]] = {
    "ForEach": (*LOOPS, "Validation"),
    "Until": (*LOOPS, "Validation"),
    "IfCondition": (*LOOPS, *_CHOICES, "Validation"),
    "Switch": (*LOOPS, *_CHOICES, "Validation"),
}


def check_nesting(subject: Subject) -> Found:
    """Every activity against the containers around it."""
    for step in subject.steps:
        for container in step.around():
            if step.type in _FORBIDDEN.get(container.type, ()):
                what = f"a {step.type} cannot stand inside of a {container.type}: '{step.name}' in '{container.name}'"
                yield Problem(path=step.path, what=what)
                break
        for key, value in step.properties.items():
            if key == "activities" and not value:
                yield Problem(path=(*step.path, "typeProperties", key), what=f"'{step.name}' has no activity inside")

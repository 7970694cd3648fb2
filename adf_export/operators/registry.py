"""The map from an operator's dotted class name to its translator."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Final

from adf_export.errors import AdfExportError
from adf_export.ir.unit import Unit
from adf_export.operators.workbench import Workbench

ENTRY_POINTS: Final = "adf_export.operators"
NOTIFIER_ENTRY_POINTS: Final = "adf_export.notifiers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """How tasks of one operator are translated."""

    translate: Callable[[Workbench], Unit]
    # Fields without a meaning in Data Factory -> why nothing is lost; each is told in a note where a DAG gives it.
    ignored: Mapping[str, str] = field(default_factory=dict)
    # For docs/operators.md: the activity types that it becomes.
    activities: tuple[str, ...] = ()


@cache
def operators() -> Mapping[str, Operator]:
    """Ours, and those of installed packages: an entry point of group `adf_export.operators` is a mapping like ours.

    Raises:
        AdfExportError: two packages translate the same operator.
    """
    from adf_export.operators import OPERATORS

    return _with_those_of_packages(OPERATORS, ENTRY_POINTS)


@cache
def notifiers() -> Mapping[str, Operator]:
    """Likewise of notifiers' classes, group `adf_export.notifiers`.

    Raises:
        AdfExportError: two packages translate the same notifier.
    """
    from adf_export.operators.notifiers import NOTIFIERS

    return _with_those_of_packages(NOTIFIERS, NOTIFIER_ENTRY_POINTS)


def _with_those_of_packages(ours: Mapping[str, Operator], group: str) -> Mapping[str, Operator]:
    found = dict(ours)
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        for name, operator in point.load().items():
            if name in found:
                raise AdfExportError(
                    f"{name} is translated twice",
                    place=f"entry point {point.name} of group {group}",
                    remedy="uninstall one of the packages",
                )
            found[name] = operator
    return found

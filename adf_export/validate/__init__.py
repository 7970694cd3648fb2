"""Judges a factory before it is written: by Microsoft's type table, by limits, and by rules that types cannot say.

One walk through each document holds it against the facts and collects its expressions and references; then RULES.
"""

from collections.abc import Iterator, Mapping

from adf_export.backends.documents import Document, Kind, resources
from adf_export.diagnostics import Diagnostic, diagnostic, in_order
from adf_export.ir.factory import Factory
from adf_export.validate.facts import facts
from adf_export.validate.origins import Origins
from adf_export.validate.paths import write_path
from adf_export.validate.rules import RULES
from adf_export.validate.shape import Shape
from adf_export.validate.subject import Problem, subject_of
from adf_export.validate.whole import check_whole

__all__ = ["problems", "validate"]


def validate(factory: Factory) -> tuple[Diagnostic, ...]:
    """All that Data Factory would have against a factory, each at the place in the DAG that it comes from."""
    listed = resources(factory)
    by_kind: dict[Kind, dict[str, Document]] = {kind: {} for kind in Kind}
    for document in listed:
        by_kind[document.kind][document.name.lower()] = document
    origins = Origins(factory)
    outside = frozenset(name.lower() for name in factory.outside_pipelines)
    found = [
        _tell(problem, document, origins) for document in listed for problem in problems(document, by_kind, outside)
    ]
    return in_order([*found, *check_whole(listed, origins)])


def problems(
    document: Document, factory: Mapping[Kind, Mapping[str, Document]], outside: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """What is wrong with one document, in a factory by kind and by name in small letters.

    `outside`: names of pipelines that the factory has besides.
    """
    shape = Shape(facts())
    shape.visit(facts().kinds[document.kind]["properties"], document.properties, ("properties",))
    for path, what in shape.faults:
        yield Problem(path=path, what=what)
    if not shape.faults:
        subject = subject_of(document, shape, factory, outside)
        for rule in RULES:
            yield from rule(subject)


def _tell(problem: Problem, document: Document, origins: Origins) -> Diagnostic:
    return diagnostic(
        problem.code,
        f"{document.kind} '{document.name}': {problem.what}",
        origin=origins.of(document, problem.path),
        hint=problem.hint,
        path=f"{document.path}: {write_path(problem.path)}",
    )

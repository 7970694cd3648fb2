"""Names of documents, activities, parameters and variables: characters, lengths, unique whatever their case."""

from collections.abc import Iterable, Mapping
from typing import Final

from adf_export.backends.documents import Kind
from adf_export.names import clean
from adf_export.validate.limits import ACTIVITY_NAME, FACTORY_NAME, PIPELINE_NAME, RESOURCE_NAME, Limit
from adf_export.validate.paths import Path
from adf_export.validate.subject import Found, Problem, Subject, over

_LENGTHS: Final[Mapping[Kind, Limit]] = {
    Kind.FACTORY: FACTORY_NAME,
    Kind.PIPELINE: PIPELINE_NAME,
    Kind.DATASET: RESOURCE_NAME,
    Kind.LINKED_SERVICE: RESOURCE_NAME,
}
# Whose names have no dash: naming-rules.
_NO_DASH: Final = (Kind.DATASET, Kind.LINKED_SERVICE)


def check_names(subject: Subject) -> Found:
    """The document's name, then those of what it declares."""
    kind, name = subject.document.kind, subject.document.name
    yield from over(_LENGTHS[kind], len(name), ("name",))
    if kind is Kind.FACTORY:
        yield from _factory(name)
    else:
        yield from _characters(name, ("name",), dashes=kind not in _NO_DASH)
    for step in subject.steps:
        yield from over(ACTIVITY_NAME, len(step.name), (*step.path, "name"))
        yield from _characters(step.name, (*step.path, "name"))
    yield from _unique((step.name, (*step.path, "name")) for step in subject.steps)
    for word in ("parameters", "variables", "globalParameters"):
        path = ("properties", word)
        yield from _unique((name, (*path, name)) for name in subject.document.properties.get(word, ()))


def _factory(name: str) -> Found:
    """Letters and digits, with single dashes between."""
    if not all(part.isalnum() and part.isascii() for part in name.split("-")):
        yield Problem(
            path=("name",), what=f"'{name}' is no name of a factory: letters and digits, single dashes between"
        )


def _characters(name: str, path: Path, *, dashes: bool = True) -> Found:
    if clean(name, dashes=dashes) != name:
        yield Problem(path=path, what=f"'{name}' has characters that Data Factory does not take in a name")


def _unique(names: Iterable[tuple[str, Path]]) -> Found:
    seen: dict[str, str] = {}
    for name, path in names:
        if name.lower() in seen:
            yield Problem(path=path, what=f"'{name}' is there twice: Data Factory does not tell case apart")
        seen[name.lower()] = name

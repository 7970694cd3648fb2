"""What can only be judged over all documents of a factory."""

from collections.abc import Iterator, Mapping, Sequence

from adf_export.backends.documents import Document, Kind
from adf_export.codes import INVALID_DOCUMENT, LIMIT_EXCEEDED
from adf_export.diagnostics import Diagnostic, diagnostic
from adf_export.validate.limits import ENTITIES
from adf_export.validate.origins import Origins
from adf_export.validate.shape import Json


def check_whole(documents: Sequence[Document], origins: Origins) -> Iterator[Diagnostic]:
    """How many documents there are, names that differ in case only, pipelines that start each other in a circle."""
    if ENTITIES.exceeded(len(documents)):
        yield diagnostic(LIMIT_EXCEEDED, ENTITIES.words(len(documents)))
    seen: dict[tuple[Kind, str], Document] = {}
    for document in documents:
        other = seen.setdefault((document.kind, document.name.lower()), document)
        if other is not document:
            what = (
                f"two documents are named '{document.name}' and '{other.name}': Data Factory does not tell case apart"
            )
            yield diagnostic(INVALID_DOCUMENT, what, origin=origins.of(document, ()), path=document.path)
    yield from _circles([document for document in documents if document.kind is Kind.PIPELINE], origins)


def _circles(pipelines: Sequence[Document], origins: Origins) -> Iterator[Diagnostic]:
    """Takes away whatever starts nothing that is left; what stays is in a circle, or leads into one."""
    starts = {pipeline.name.lower(): set(_started(pipeline.properties)) for pipeline in pipelines}
    pending = set(starts)
    while True:
        free = {name for name in pending if not starts[name] & pending}
        if not free:
            break
        pending -= free
    left = [pipeline for pipeline in pipelines if pipeline.name.lower() in pending]
    if left:
        names = ", ".join(f"'{pipeline.name}'" for pipeline in left)
        what = f"pipelines start each other in a circle, which cannot be published: {names}"
        hint = "start one of them without ExecutePipeline, by a trigger or the REST API"
        yield diagnostic(INVALID_DOCUMENT, what, origin=origins.of(left[0], ()), hint=hint, path=left[0].path)


def _started(value: Json) -> Iterator[str]:
    """The pipelines that a value refers to, in small letters."""
    if isinstance(value, Mapping):
        if value.get("type") == "PipelineReference":
            yield str(value.get("referenceName")).lower()
        for member in value.values():
            yield from _started(member)
    elif isinstance(value, list):
        for item in value:
            yield from _started(item)

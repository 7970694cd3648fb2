"""Tells where in the DAGs a place of a document comes from."""

from collections.abc import Mapping

import msgspec

from adf_export.backends.documents import Document, Kind
from adf_export.backends.source_map import walk
from adf_export.ir.factory import Factory
from adf_export.ir.origin import NOWHERE, Origin
from adf_export.validate.paths import Path, write_path


class Origins:
    """Of the innermost activity around a place, else of its pipeline."""

    def __init__(self, factory: Factory) -> None:
        # Document -> JSON path of the pipeline ("$") or of an activity.
        self._places: Mapping[str, Mapping[str, Origin]] = {
            f"{Kind.PIPELINE}/{pipeline.name}.json": {
                "$": pipeline.origin,
                **{path: step.origin for path, step in walk(pipeline.activities, "$.properties.activities")},
            }
            for pipeline in factory.pipelines
        }

    def of(self, document: Document, path: Path) -> Origin:
        places = self._places.get(document.path, {})
        for length in range(len(path), -1, -1):
            found = places.get(write_path(path[:length]))
            if found is not None:
                return msgspec.structs.replace(found, field="")
        return NOWHERE

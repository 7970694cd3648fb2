"""Real pipelines of public repositories: taken, but for what the table below explains."""

from pathlib import Path
from typing import Any

import pytest

from adf_export.backends.documents import Document, Kind
from adf_export.validate import problems
from tests.data_factory.test_corpus import FILES, global_parameters, read
from tests.fakes.whole_factory import factory_around

Json = Any
# Part of a message -> why real files have it, and why we never write it.
EXPLAINED = {
    "Pipeline has no property 'lastPublishTime'": "the authoring tool's own",
    "PipelinePolicy has no property 'cancelAfter'": "empty, by the authoring tool",
    "but is Null": "the authoring tool writes nulls, we do not",
    "SecureInputOutputPolicy has no property": "asks for a retry that this type does not have",
    "must be array or bool or float": "types in capitals, where newer files have small letters",
    "has no property 'dataflow'": "the table spells it dataFlow; data flows are not emitted",
    "the required property 'dataFlow' is missing": "as above",
    "the required property 'typeProperties' is missing": "an inactive activity",
    "ExecuteDataFlowActivityTypeProperties": "properties of data flows that the table lacks",
    "[parameters('": "texts of an ARM template",
    "must be an object, but is String": "texts of an ARM template",
    "or an expression, but is String": "texts of an ARM template",
    "'allowPolyBase'": "left behind by the authoring tool when the sink was changed",
    "'polyBaseSettings'": "as above",
    "'preCopyScript'": "as above",
    "'quoteAllText'": "as above",
    "'storedProcedureName' is missing": "left out in a template",
    "Trident": "Fabric",
    "LakehouseReadSettings": "Fabric",
    "'datasetSettings'": "Fabric",
    "property 'dataset' is missing": "Fabric",
    "'relativeUrl'": "Fabric",
    "property 'url' is missing": "Fabric",
    "'externalReferences'": "Fabric",
    "'If Condition1', which does not exist": "wrong in the file",
    "'-' is not part of the language": "wrong in the file",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_few_surprises(path: Path) -> None:
    name, document = read(path)
    found = problems(Document(kind=Kind.PIPELINE, name=name, properties=document["properties"]), surroundings(document))
    assert [item for item in found if not any(words in item.what for words in EXPLAINED)] == []


def test_most_are_looked_at_in_full() -> None:
    """A document with a wrong shape is not asked about the rules: most must come so far."""
    whole = 0
    for path in FILES:
        name, document = read(path)
        properties = {
            key: value for key, value in document["properties"].items() if key not in ("lastPublishTime", "policy")
        }
        found = list(problems(Document(kind=Kind.PIPELINE, name=name, properties=properties), surroundings(document)))
        whole += not found
    assert whole >= 60 or not FILES


def surroundings(document: Json) -> dict[Kind, dict[str, Document]]:
    around = factory_around(document)
    found: dict[Kind, dict[str, Document]] = {kind: {} for kind in Kind}
    listed = (
        (Kind.DATASET, around.datasets),
        (Kind.LINKED_SERVICE, around.linked_services),
        (Kind.PIPELINE, around.pipelines),
    )
    for kind, documents in listed:
        found[kind] = {key.lower(): Document(kind=kind, name=key, properties=value) for key, value in documents.items()}
    declared = {key: {"type": "string", "value": ""} for key in global_parameters(document)}
    found[Kind.FACTORY] = {"f": Document(kind=Kind.FACTORY, name="f", properties={"globalParameters": declared})}
    return found

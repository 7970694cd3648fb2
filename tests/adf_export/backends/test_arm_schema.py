"""ARM templates against Microsoft's JSON schema of Data Factory: a judge that shares nothing with the type table."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from adf_export.backends.arm import arm_files
from adf_export.ir.factory import Factory
from tests.adf_export.backends.samples import everything
from tests.adf_export.backends.test_deployments import hard

Json = Any
COMMON = "https://schema.management.azure.com/schemas/common/definitions.json"
# The schema has the names of parameters' types in capitals; the service, and Studio, take and write small letters.
TYPES = {"array": "Array", "bool": "Bool", "float": "Float", "int": "Int", "object": "Object", "string": "String"}


@pytest.fixture(scope="module")
def schema(shared_dir: Path) -> Json:
    return json.loads((shared_dir / "adf" / "arm-schema.Microsoft.DataFactory.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def registry(shared_dir: Path, schema: Json) -> Registry[Json]:
    common = json.loads((shared_dir / "adf" / "arm-schema.common-definitions.json").read_text(encoding="utf-8"))
    found: Registry[Json] = Registry()
    for name, content in ((COMMON, common), (schema["id"].rstrip("#"), schema)):
        found = found.with_resource(name, Resource(contents=content, specification=DRAFT4))
    return found


@pytest.mark.parametrize("built", [everything(), hard()], ids=["everything", "hard"])
def test_resources_are_valid(schema: Json, registry: Registry[Json], built: Factory) -> None:
    template = json.loads(arm_files(built)["ARMTemplateForFactory.json"])
    for resource in template["resources"]:
        kind, definition = next(
            (name, item)
            for name, item in schema["resourceDefinitions"].items()
            if name.lower() == resource["type"].removeprefix("Microsoft.DataFactory/").replace("/", "_").lower()
        )
        judged = {**resource, "type": definition["properties"]["type"]["enum"][0]}
        for word in ("parameters", "globalParameters"):
            for item in judged["properties"].get(word, {}).values():
                item["type"] = TYPES[item["type"]]
        if kind == "factories_globalParameters":
            judged["properties"] = {
                key: {**item, "type": TYPES[item["type"]]} for key, item in judged["properties"].items()
            }
        validator = Draft4Validator({**definition, "definitions": schema["definitions"]}, registry=registry)
        errors = [leaf(error) for error in validator.iter_errors(judged)]
        assert errors == [], resource["name"]


def leaf(error: Any) -> str:
    """The deepest of the alternatives' errors: the one that is about something, not about the alternative."""
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    return f"{error.json_path}: {error.message[:300]}"


def test_the_judge_sees_what_is_wrong(schema: Json, registry: Registry[Json]) -> None:
    resource = json.loads(arm_files(everything())["ARMTemplateForFactory.json"])["resources"][-1]
    resource["properties"]["parameters"] = {}
    definition = {**schema["resourceDefinitions"]["factories_pipelines"], "definitions": schema["definitions"]}
    validator = Draft4Validator(definition, registry=registry)
    assert validator.is_valid(resource)
    del resource["properties"]["activities"][0]["typeProperties"]["url"]
    assert not validator.is_valid(resource)

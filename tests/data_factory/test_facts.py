"""facts.json: what the committed script writes from Microsoft's type table, small and without prose."""

import json
from pathlib import Path
from typing import Any

import pytest

from local_azure.data_factory.validation.facts import Choice, Record, facts
from tools.adf_facts import TARGET, render, spoken

SENTENCES = {
    "The url. Type: string (or Expression with resultType string).": {"any": "string"},
    "Type: integer (or Expression with resultType integer), minimum: 0.": {"any": "integer", "minimum": 0},
    "Type: Boolean (or Expression with resultType boolean).": {"any": "boolean"},
    "Type: integer(or Expression with resultType integer).": {"any": "integer"},
    "Key. Type: string, SecureString or AzureKeyVaultSecretReference.": {"any": "secret"},
    "Type: array of objects(AdditionalColumns) (or Expression with resultType array of objects).": {"any": "array"},
    "Type: key value pairs (value should be string type).": {"any": "object"},
    "Type: double (or Expression with resultType double).": {"any": "number"},
    "Type: string (or Expression with resultType string), pattern: (a(b)).": {"any": "string", "pattern": "(a(b))"},
    "Type: string (or Expression with resultType string), pattern: (a(b))..)": {"any": "string", "pattern": "(a(b))"},
    "Contradicts itself. Type: string (or Expression with resultType double).": {"any": "any"},
    "Type: SqlWriteBehaviorEnum (or Expression with resultType SqlWriteBehaviorEnum)": {"any": "any"},
    "Value to be set. Could be a static value or Expression.": {"any": "any"},
    "": {"any": "any"},
}
# Activity type, property of typeProperties, what Microsoft's specification says of it.
KNOWN = (
    ("ForEach", "batchCount", {"integer": {"maximum": 50}}),
    ("ForEach", "isSequential", {"boolean": {}}),
    ("Wait", "waitTimeInSeconds", {"any": "integer"}),
    ("WebActivity", "url", {"any": "string"}),
    ("WebActivity", "method", {"enum": ["GET", "POST", "PUT", "DELETE"]}),
)


@pytest.fixture
def document() -> Any:
    return json.loads(TARGET.read_text(encoding="utf-8"))


def test_is_what_the_script_writes(shared_dir: Path) -> None:
    source = shared_dir / "adf" / "bicep-types.microsoft.datafactory.2018-06-01.json"
    assert TARGET.read_text(encoding="utf-8") == render(source)


def test_is_small_and_has_no_prose(document: Any) -> None:
    assert TARGET.stat().st_size < 400_000
    assert set(document) == {"kinds", "types"}
    assert {key for item in document["types"] for key in item} <= {
        *("any", "array", "boolean", "discriminator", "enum", "family", "further", "integer", "members", "minimum"),
        *("object", "pattern", "properties", "readOnly", "required", "string"),
    }


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_description_becomes_data(sentence: str) -> None:
    assert spoken(sentence) == SENTENCES[sentence]


@pytest.mark.parametrize(("activity", "key", "expected"), KNOWN, ids=lambda value: str(value))
def test_keeps_what_the_table_says(document: Any, activity: str, key: str, expected: Any) -> None:
    types = document["types"]
    family = next(item for item in types if item.get("family") == "Activity")
    properties = types[types[family["members"][activity]]["properties"]["typeProperties"]]["properties"]
    assert types[properties[key]] == expected


def test_families_are_whole() -> None:
    sizes = {name: len(family.members) for name, family in facts().families.items()}
    # As counted in the type table: shared/adf/README.md.
    assert {
        "Activity": 40,
        "LinkedService": 121,
        "Dataset": 105,
        "CopySource": 103,
        "CopySink": 46,
    }.items() <= sizes.items()


def test_follows_pages_where_the_table_lacks_something() -> None:
    record = facts().types[facts().families["Activity"].members["WebActivity"].properties["typeProperties"]]
    assert isinstance(record, Record)
    method = facts().types[record.properties["method"]]
    assert isinstance(method, Choice)
    assert "PATCH" in method.values

"""ARM and Bicep: both, evaluated by readers of their own, give the documents that the Git layout has."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adf_export.backends.arm import arm_files
from adf_export.backends.bicep import bicep_files, value
from adf_export.backends.documents import documents
from adf_export.backends.formats import FORMATS
from adf_export.backends.git import MANIFEST, write_files
from adf_export.ir.factory import Factory, LinkedService, Parameter, obj
from adf_export.validate.deployment import check_deployment
from tests.adf_export.backends.bicep_reader import Reader, read_bicep, read_values
from tests.adf_export.backends.samples import activity, everything, factory, pipeline

Json = Any
HARD_TEXTS = (
    *(
        "[brackets]",
        "[[two]",
        "[open",
        "closed]",
        "it's",
        "$",
        "${x}",
        "$${x}",
        "\\",
        "\\n",
        "a\nb\tc\r",
        "ü",
        "\u2028",
    ),
    *("''", "'", "", "@@x", "{", "a\\'b", "$\\{", "\x00"),
)


def hard() -> Factory:
    """Texts, names and types that a writer may stumble over."""
    body = obj((f"key {text!r}" if n % 2 else text, text) for n, text in enumerate(HARD_TEXTS))
    ask = activity("Ask", "WebActivity", method="POST", url="[https://a.test/]", body=body)
    run = activity(
        "Run",
        "ExecutePipeline",
        pipeline=obj(referenceName="the child's", type="PipelineReference"),
        waitOnCompletion=True,
    )
    wait = activity("Wait", "WebActivity", method="POST", url="https://a.test/", body=(1.5, -2, True, 1e20, (), obj()))
    service = LinkedService(name="db", type="AzurePostgreSql", properties=obj(connectionString="host=a;database=b;"))
    return replace(
        everything(),
        pipelines=(*everything().pipelines, pipeline(wait, name="the child's"), pipeline(ask, run, name="store")),
        linked_services=(*everything().linked_services, service),
        global_parameters=(
            Parameter(name="text", type="String", default="[x]"),
            Parameter(name="list", type="Array", default=(1, "a")),
            Parameter(name="rate", type="Float", default=0.5),
            Parameter(name="a-b", type="Object", default=obj(n=1)),
            Parameter(name="a_b", type="Bool", default=True),
        ),
    )


FACTORIES = {"everything": everything(), "hard": hard(), "small": factory(activity("Wait"))}


def expected(built: Factory) -> dict[tuple[str, str], Json]:
    """(kind, name) -> properties, from the Git layout."""
    found = {}
    for path, text in documents(built).items():
        kind, document = path.partition("/")[0], json.loads(text)
        if kind != "factory":
            found[f"{kind}s".lower(), document["name"]] = document["properties"]
        elif document["properties"]:
            found["globalparameters", "default"] = document["properties"]["globalParameters"]
    return found


class Arm:
    """Evaluates the expressions of ARM that we write, strictly."""

    def __init__(self, template: Json, values: Mapping[str, Json]) -> None:
        declared = template["parameters"]
        assert set(values) == set(declared)
        self.parameters = {name: values.get(name, item.get("defaultValue")) for name, item in declared.items()}
        self.variables = {name: self.evaluate(item) for name, item in template["variables"].items()}

    def evaluate(self, content: Json) -> Json:
        if isinstance(content, dict):
            return {self.evaluate(key): self.evaluate(item) for key, item in content.items()}
        if isinstance(content, list):
            return [self.evaluate(item) for item in content]
        if not isinstance(content, str) or not (content.startswith("[") and content.endswith("]")):
            return content
        if content.startswith("[["):
            return content[1:]
        return self.call(content[1:-1])

    def call(self, text: str) -> Json:
        match = re.fullmatch(r"(\w+)\((.*)\)", text, re.DOTALL)
        assert match, text
        arguments = re.findall(r"(?:'(?:[^']|'')*'|\w+\('\w+'\))", match[2])
        assert ", ".join(arguments) == match[2]
        given = [item[1:-1].replace("''", "'") if item.startswith("'") else self.call(item) for item in arguments]
        if match[1] == "concat":
            return "".join(given)
        return {"parameters": self.parameters, "variables": getattr(self, "variables", {})}[match[1]][given[0]]


@pytest.mark.parametrize("name", FACTORIES)
def test_arm_gives_the_documents(name: str) -> None:
    files = arm_files(FACTORIES[name])
    template = json.loads(files["ARMTemplateForFactory.json"])
    values = {
        key: item["value"]
        for key, item in json.loads(files["ARMTemplateParametersForFactory.json"])["parameters"].items()
    }
    arm = Arm(template, values)
    found = {}
    for resource in template["resources"]:
        kind = resource["type"].removeprefix("Microsoft.DataFactory/factories/").lower()
        factory_name, _, own = arm.evaluate(resource["name"]).partition("/")
        assert factory_name == "adf-test"
        for needed in map(arm.evaluate, resource["dependsOn"]):
            assert needed.startswith("Microsoft.DataFactory/factories/adf-test/")
        found[kind, own] = arm.evaluate(resource["properties"])
    assert found == expected(FACTORIES[name])


@pytest.mark.parametrize("name", FACTORIES)
def test_bicep_gives_the_documents(name: str) -> None:
    files = bicep_files(FACTORIES[name])
    bicep = read_bicep(files["factory.bicep"], read_values(files["factory.bicepparam"]))
    found = {
        (type.removeprefix("Microsoft.DataFactory/factories/").lower(), own): properties
        for type, own, properties, _ in bicep.resources.values()
    }
    assert found == expected(FACTORIES[name])


def test_bicep_and_arm_wait_for_the_same() -> None:
    built = FACTORIES["hard"]
    template = json.loads(arm_files(built)["ARMTemplateForFactory.json"])
    files = bicep_files(built)
    bicep = read_bicep(files["factory.bicep"], read_values(files["factory.bicepparam"]))
    in_bicep = [
        [f"{bicep.resources[key][0].rpartition('/')[2]}/{bicep.resources[key][1]}" for key in needed]
        for _, _, _, needed in bicep.resources.values()
    ]
    in_arm = [
        [item.partition("'/")[2].removesuffix("')]").replace("''", "'") for item in resource["dependsOn"]]
        for resource in template["resources"]
    ]
    assert in_bicep == in_arm
    assert ["pipelines/the child's"] in in_arm
    assert ["linkedServices/key_vault"] in in_arm


def test_a_connection_string_is_secure_and_has_no_default() -> None:
    files = arm_files(FACTORIES["hard"])
    declared = json.loads(files["ARMTemplateForFactory.json"])["parameters"]["db_connectionString"]
    assert declared["type"] == "secureString"
    assert "defaultValue" not in declared
    bicep = bicep_files(FACTORIES["hard"])
    assert read_bicep(bicep["factory.bicep"], read_values(bicep["factory.bicepparam"])).secure == {
        "db_connectionString"
    }


@pytest.mark.parametrize("text", HARD_TEXTS, ids=ascii)
def test_texts_of_bicep(text: str) -> None:
    assert Reader(value(text)).value() == text


def test_limits_of_a_template_are_told() -> None:
    many = tuple(pipeline(activity("Wait"), name=f"p{n}") for n in range(801))
    globals = tuple(Parameter(name=f"g{n}", type="Int", default=n) for n in range(256))
    found = [
        item.summary for item in check_deployment(Factory(name="adf-test", pipelines=many, global_parameters=globals))
    ]
    assert found == [
        "802 resources in an ARM template: at most 800 are allowed",
        "257 parameters of an ARM template: at most 256 are allowed",
    ]
    large = pipeline(*(activity(f"W{n}", description="x" * 100_000) for n in range(45)))
    (found_large,) = check_deployment(Factory(name="adf-test", pipelines=(large,)))
    assert "bytes in an ARM template" in found_large.summary
    assert check_deployment(everything()) == ()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_be_written_and_removed_again(tmp_path: Path, name: str) -> None:
    assert write_files(FORMATS[name](FACTORIES["hard"]), tmp_path).written
    assert write_files({}, tmp_path).removed == tuple(sorted(FORMATS[name](FACTORIES["hard"])))
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]

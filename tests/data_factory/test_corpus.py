"""The real pipelines of shared/adf/corpus: each is taken, or refused for exactly the reasons in the table.

They come without their factory, so the one around them has whatever they refer to. Those that were cut out of ARM
templates still have the template's texts in them, `[parameters('x')]`, where a value would be.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_azure.data_factory.validation import Kind, validate
from tests.fakes.whole_factory import factory_around
from tests.fixtures.paths import SHARED

Json = Any
CORPUS = SHARED / "adf" / "corpus"
FILES = sorted(CORPUS.glob("*.json")) if CORPUS.is_dir() else []

# Reason -> what is in every message of this reason: any of these.
REASONS: dict[str, tuple[str, ...]] = {
    # Executed by Azure on engines that are not here.
    "data flow": ("activity type 'ExecuteDataFlow' is not executed",),
    "power query": ("activity type 'ExecuteWranglingDataflow' is not executed",),
    "stored procedure": ("activity type 'SqlServerStoredProcedure' is not executed",),
    "synapse notebook": ("activity type 'SynapseNotebook' is not executed",),
    "synapse spark": ("activity type 'SparkJob' is not executed",),
    "hdinsight": ("activity type 'HDInsightSpark' is not executed",),
    "batch": ("activity type 'Custom' is not executed",),
    # Stores that are not served here, or in formats that are not read.
    "data lake": ("of type 'AzureBlobFS",),
    "amazon s3": ("of type 'AmazonS3ReadSettings'",),
    "file server": ("of type 'FileServerWriteSettings'", "of type 'FileSystemSource'"),
    "hdfs": ("of type 'HdfsSource'",),
    "blob before formats": ("of type 'BlobSource'", "of type 'BlobSink'"),
    "sql": (
        *("of type 'AzureSqlSource'", "of type 'SqlServerSource'", "of type 'SqlSource'"),
        *("of type 'AzureSqlSink'", "of type 'SqlSink'", "of type 'SqlDWSink'"),
    ),
    "oracle": ("of type 'OracleSource'", "of type 'OracleSink'"),
    "sap": ("of type 'SapOpenHubSource'",),
    "dynamics": ("of type 'DynamicsSource'",),
    "office 365": ("of type 'Office365Source'", "bytes are copied from a BinarySource to a BinarySink only"),
    "excel": ("of type 'ExcelSource'",),
    "staging": ("enableStaging: is not done",),
    "zero units": ("dataIntegrationUnits: must be a whole number of at least 2, but is 0",),
    # Fabric's, not Data Factory's: the type table has none of it.
    "fabric": (
        *("unknown activity type 'TridentNotebook'", "'datasetSettings'", "'dataset' is missing", "Lakehouse"),
        *("'relativeUrl'", "'url' is missing"),
    ),
    # Texts of an ARM template where a pipeline has an object, a number or a boolean.
    "template": ("but is String", "type '[parameters("),
    # Properties of a type that the authoring tool had here before; Azure passes over them.
    "left behind": ("'allowPolyBase'", "'polyBaseSettings'", "'preCopyScript'", "'quoteAllText'"),
    # Wrong for Data Factory itself.
    "GET with a body": ("a GET has no body",),
    "no cluster": ("linkedServiceName: is missing",),
    "no such activity": ("there is no activity 'If Condition1' to depend on",),
    "dash behind a dot": ("pipeline().globalParameters.GP-Int",),
    "name to be filled in": ("the name '<pipelinename>'",),
}

# Number of the file -> why it is refused; the others are taken.
REFUSED: dict[str, tuple[str, ...]] = {
    "000": ("synapse notebook", "data lake"),
    "002": ("file server", "blob before formats"),
    "004": ("oracle",),
    "006": ("GET with a body",),
    "008": ("data flow",),
    "010": ("data lake",),
    "012": ("data flow", "data lake"),
    "014": ("template", "left behind"),
    "018": ("data lake",),
    "020": ("data lake", "sql"),
    "022": ("hdinsight", "data lake", "office 365"),
    "030": ("data lake", "hdfs", "zero units"),
    "032": ("sql", "oracle", "staging", "zero units"),
    "034": ("sql", "zero units"),
    "036": ("stored procedure", "data lake", "amazon s3", "sql"),
    "038": ("template",),
    "040": ("template",),
    "044": ("data flow",),
    "048": ("data flow",),
    "050": ("stored procedure", "template", "left behind"),
    "052": ("data lake",),
    "054": ("power query",),
    "056": ("data flow",),
    "058": ("data flow",),
    "062": ("data lake", "sap", "zero units"),
    "064": ("data lake", "left behind"),
    "066": ("data lake", "dynamics"),
    "070": ("data flow", "data lake"),
    "074": ("fabric",),
    "076": ("fabric",),
    "078": ("fabric",),
    "088": ("data flow",),
    "090": ("data flow",),
    "092": ("no such activity",),
    "094": ("dash behind a dot",),
    "096": ("data flow",),
    "098": ("synapse spark",),
    "100": ("stored procedure", "sql"),
    "104": ("stored procedure", "sql"),
    "106": ("stored procedure", "sql"),
    "108": ("stored procedure",),
    "120": ("stored procedure", "sql"),
    "122": ("stored procedure", "sql"),
    "124": ("stored procedure",),
    "126": ("stored procedure", "sql"),
    "128": ("stored procedure", "sql"),
    "130": ("stored procedure",),
    "132": ("data lake",),
    "134": ("data lake",),
    "136": ("data flow", "synapse notebook", "data lake", "name to be filled in"),
    "138": ("stored procedure", "synapse notebook", "data lake"),
    "140": ("stored procedure", "synapse notebook", "data lake"),
    "142": ("synapse notebook", "data lake"),
    "144": ("batch",),
    "146": ("fabric",),
    "148": ("fabric",),
    "150": ("sql",),
    "154": ("sql",),
    "158": ("data lake",),
    "160": ("data lake", "sql", "excel"),
    "162": ("data lake", "sql"),
    "164": ("sql", "GET with a body"),
    "170": ("file server", "sql"),
    "172": ("data lake", "sql"),
    "176": ("data lake", "sql"),
    "180": ("sql",),
    "184": ("data lake",),
    "186": ("data lake", "sql", "excel"),
    "188": ("data lake", "sql"),
    "190": ("sql", "GET with a body"),
    "255": ("no cluster",),
    "257": ("blob before formats",),
}


def explains(reason: str, problem: str) -> bool:
    return any(words in problem for words in REASONS[reason])


def read(path: Path) -> tuple[str, Json]:
    """Name and document; a template's name is the text behind the last slash."""
    document = json.loads(path.read_text(encoding="utf-8"))
    name = str(document.get("name", path.stem[4:]))
    properties = document["properties"]
    if name.startswith("[concat("):
        name = name.rpartition("'/")[2].removesuffix("')]")
        properties = unescaped(properties)
    return name, {"name": name, "properties": properties}


def unescaped(value: Json) -> Json:
    """A template writes `[[` where a text begins with a bracket."""
    if isinstance(value, dict):
        return {key: unescaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unescaped(item) for item in value]
    return value[1:] if isinstance(value, str) and value.startswith("[[") else value


def global_parameters(value: Json) -> Iterator[str]:
    """The names behind `globalParameters.` in any text."""
    if isinstance(value, str):
        for part in value.split("globalParameters.")[1:]:
            yield part[: next((index for index, letter in enumerate(part) if not letter.isalnum()), len(part))]
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from global_parameters(item)


def test_there_are_99(shared_dir: Path) -> None:
    assert shared_dir / "adf" / "corpus" == CORPUS
    assert len(FILES) == 99
    assert {path.name[:3] for path in FILES} >= set(REFUSED)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_is_taken_or_refused_for_these_reasons(path: Path) -> None:
    name, document = read(path)
    around = factory_around(document, global_parameters=tuple(global_parameters(document)))
    problems = [f"{item.path}: {item.message}" for item in validate(Kind.PIPELINE, name, document, around)]
    expected = REFUSED.get(path.name[:3], ())
    assert [item for item in problems if not any(explains(reason, item) for reason in expected)] == []
    assert [reason for reason in expected if not any(explains(reason, item) for item in problems)] == []

"""A source in real Azurite, under the abfss:// name that the notebook uses on Azure."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from pyspark.sql import SparkSession

from local_azure.cloud_files import CloudFilesError, install
from local_azure.storage import BlobAccount, StorageMap
from tests.cloud_files.engine import JSON, Stream, columns

pytestmark = pytest.mark.integration


@pytest.fixture
def landing(azurite: BlobAccount) -> Iterator[ContainerClient]:
    """A container of this test's own."""
    with azurite.container(f"landing-{uuid.uuid4().hex[:8]}") as container:
        container.create_container()
        yield container


@pytest.fixture
def stream(azurite: BlobAccount, landing: ContainerClient, tmp_path: Path) -> Stream:
    url = f"abfss://{landing.container_name}@{azurite.name}.dfs.core.windows.net/coingecko"
    location = {"cloudFiles.schemaLocation": str(tmp_path / "cp"), "cloudFiles.inferColumnTypes": "true"}
    return Stream(tmp_path, JSON | location, source=url, storage=StorageMap((azurite,)))


def put(container: ContainerClient, name: str, content: Any, *, overwrite: bool = False) -> None:
    container.upload_blob(name, json.dumps(content), overwrite=overwrite)


def test_blobs_below_the_path_are_rows_with_their_abfss_names(stream: Stream, landing: ContainerClient) -> None:
    put(landing, "coingecko/day=2021-05-01/a b.json", {"n": 1})
    put(landing, "coingecko/day=2021-05-02/2.json", {"n": 2})
    put(landing, "coingecko/_hidden/3.json", {"n": 3})
    put(landing, "coingecko-other/4.json", {"n": 4})
    assert stream.run() == [2]
    assert stream.run() == []
    rows = sorted(stream.rows, key=lambda row: row["n"])
    assert [str(row["day"]) for row in rows] == ["2021-05-01", "2021-05-02"]
    metadata = rows[0]["_metadata"]
    assert metadata["file_path"] == stream.source + "/day=2021-05-01/a%20b.json"
    assert metadata["file_name"] == "a%20b.json"
    assert metadata["file_size"] == metadata["file_block_length"] == len('{"n": 1}')


def test_more_blobs_than_one_listing_page_and_patterns(stream: Stream, landing: ContainerClient) -> None:
    for n in range(30):
        put(landing, f"coingecko/{'usd' if n % 3 else 'eur'}/{n}.json", {"n": n})
    stream.source += "/us*"
    stream.options |= {"cloudFiles.maxFilesPerTrigger": "15"}
    assert stream.run() == [15, 5]


def test_an_overwritten_blob_is_taken_again_only_if_allowed(stream: Stream, landing: ContainerClient) -> None:
    stream.options |= {"cloudFiles.allowOverwrites": "true"}
    put(landing, "coingecko/1.json", {"n": 1})
    stream.run()
    # Azurite tells modification times in seconds: wait, by its own clock, until the next one.
    before = landing.get_blob_client("coingecko/1.json").get_blob_properties().last_modified
    for _ in range(100_000):
        put(landing, "coingecko/1.json", {"n": 5}, overwrite=True)
        if landing.get_blob_client("coingecko/1.json").get_blob_properties().last_modified != before:
            break
    assert stream.run() == [1]
    assert [row["n"] for row in stream.rows] == [1, 5]


def test_a_path_that_names_one_blob(stream: Stream, landing: ContainerClient) -> None:
    put(landing, "coingecko/1.json", {"n": 1})
    put(landing, "coingecko/10.json", {"n": 10})
    stream.source += "/1.json"
    assert stream.run() == [1]
    assert stream.rows[0]["_metadata"]["file_path"] == stream.source


def test_a_missing_container_and_a_wrong_key_say_so(azurite: BlobAccount, tmp_path: Path) -> None:
    url = f"abfss://absent@{azurite.name}.dfs.core.windows.net/x"
    with pytest.raises(CloudFilesError, match=r"container 'absent' of account '.*' does not exist"):
        Stream(tmp_path, dict(JSON), columns("n bigint"), source=url, storage=StorageMap((azurite,))).run()
    wrong = BlobAccount(azurite.name, azurite.endpoint, "d3Jvbmc=")
    with pytest.raises(CloudFilesError, match="cannot be listed"):
        Stream(tmp_path, dict(JSON), columns("n bigint"), source=url, storage=StorageMap((wrong,))).run()


def test_from_azurite_into_delta(
    spark: SparkSession, azurite: BlobAccount, landing: ContainerClient, tmp_path: Path
) -> None:
    install(spark, StorageMap((azurite,)))
    source = f"abfss://{landing.container_name}@{azurite.name}.dfs.core.windows.net/coingecko"
    for n in range(3):
        put(landing, f"coingecko/ingest_date=2021-05-01/{n}.json", [{"n": n}, {"n": n + 10}])
    frame = (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("cloudFiles.inferColumnTypes", "true")
        .option("cloudFiles.schemaLocation", str(tmp_path / "cp"))
        .option("multiLine", "true")
        .load(source)
        .selectExpr("*", "_metadata.file_path AS source_file")
    )
    query = (
        frame.writeStream.format("delta")
        .option("checkpointLocation", str(tmp_path / "cp"))
        .trigger(availableNow=True)
        .start(str(tmp_path / "table"))
    )
    query.awaitTermination()
    rows = spark.read.format("delta").load(str(tmp_path / "table")).orderBy("n").collect()
    assert [row.n for row in rows] == [0, 1, 2, 10, 11, 12]
    assert rows[0].source_file == f"{source}/ingest_date=2021-05-01/0.json"
    leaked = [p for p in tmp_path.rglob("*") if p.is_file() and azurite.key.encode() in p.read_bytes()]
    assert leaked == []

"""dbutils in a real run: secrets from a real Key Vault stand-in, files on real Azurite and on disk."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.databricks.harness import SECRET, Client, until

if TYPE_CHECKING:
    from local_azure.storage import BlobAccount

pytestmark = pytest.mark.integration


def test_secrets_are_read_and_never_shown(client: Client) -> None:
    done = client.notebook("""import json, subprocess, sys
value = dbutils.secrets.get("crypto", "coingecko-api-key")
print("plain", value)
print("in", f"<{value}>", "twice", value, file=sys.stderr)
sys.stdout.write(value[:5]); sys.stdout.flush(); sys.stdout.write(value[5:] + "\\n")
subprocess.run(["echo", "child", value])
spark.sql("SELECT ? AS s", args=[value]).show(truncate=False)
names = [secret.key for secret in dbutils.secrets.list("crypto")]
scopes = [scope.name for scope in dbutils.secrets.listScopes()]
same = dbutils.secrets.getBytes(scope="crypto", key="coingecko-api-key") == value.encode()
dbutils.notebook.exit(json.dumps([len(value), names, scopes, same, value], ensure_ascii=False))
""")
    assert done.result == [len(SECRET), ["coingecko-api-key"], ["crypto"], True, "[REDACTED]"]
    log = done.output["logs"]
    assert SECRET not in log
    assert "v3ry" not in log
    assert log.count("[REDACTED]") == 6
    failed = client.notebook('raise ValueError("bad key " + dbutils.secrets.get("crypto", "coingecko-api-key"))')
    assert failed.output["error"] == "ValueError: bad key [REDACTED]"
    assert SECRET not in str(failed.output)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('get("crypto", "nothing")', "Secret does not exist with scope: crypto and key: nothing"),
        ('get("elsewhere", "x")', "Scope elsewhere does not exist! Scopes of this workspace: crypto"),
    ],
)
def test_missing_secrets_are_named(client: Client, call: str, message: str) -> None:
    done = client.notebook(f"dbutils.secrets.{call}")
    assert message in done.output["error"]


@pytest.mark.parametrize(
    "root", ["dbfs:/some", "/other", "abfss://dbutils@{account}.dfs.core.windows.net/some", "file"]
)
def test_files(client: Client, azurite: "BlobAccount", tmp_path: Path, root: str) -> None:
    place = f"file:{tmp_path}/some" if root == "file" else root.format(account=azurite.name)
    done = client.notebook(
        """import json
root = dbutils.widgets.get("root")
fs, seen = dbutils.fs, {}
fs.mkdirs(root + "/empty")
fs.put(root + "/a.txt", "alpha")
try:
    fs.put(root + "/a.txt", "again")
except FileExistsError:
    seen["exists"] = True
fs.put(root + "/a.txt", "beta", True)
fs.put(root + "/deep/er/b.txt", "b" * 100)
seen["head"] = [fs.head(root + "/a.txt"), fs.head(root + "/deep/er/b.txt", 3)]
seen["ls"] = sorted([f.name, f.size] for f in fs.ls(root))
seen["path"] = fs.ls(root + "/a.txt")[0].path.endswith("/a.txt")
fs.cp(root + "/a.txt", root + "/copy.txt")
fs.cp(root + "/deep", "dbfs:/from/" + str(len(root)), recurse=True)
seen["across"] = fs.head(f"dbfs:/from/{len(root)}/er/b.txt", 2)
fs.mv(root + "/copy.txt", root + "/moved.txt")
seen["empty"] = fs.ls(root + "/empty")
try:
    fs.rm(root + "/deep")
except OSError:
    seen["not_empty"] = True
fs.rm(root + "/deep", True)
seen["after"] = sorted(f.name for f in fs.ls(root))
seen["nothing"] = fs.rm(root + "/nothing")
try:
    fs.ls(root + "/nothing")
except FileNotFoundError as error:
    seen["missing"] = "nothing" in str(error)
dbutils.notebook.exit(json.dumps(seen))
""",
        root=place,
    )
    assert done.result == {
        "exists": True,
        "head": ["beta", "bbb"],
        "ls": [["a.txt", 4], ["deep/", 0], ["empty/", 0]],
        "path": True,
        "across": "bb",
        "empty": [],
        "not_empty": True,
        "after": ["a.txt", "empty/", "moved.txt"],
        "nothing": False,
        "missing": True,
    }


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('ls("dbfs:/../../etc")', "leads out of dbfs:/"),
        ('ls("s3://bucket/x")', "dbutils.fs knows dbfs:/"),
        ('ls("abfss://c@stranger.dfs.core.windows.net/x")', "'stranger' is not one of this machine's accounts"),
        ('rm("dbfs:/", True)', "is the root: nothing is deleted"),
    ],
)
def test_refused_paths(client: Client, call: str, message: str) -> None:
    assert message in client.notebook(f"dbutils.fs.{call}").output["error"]


def test_autoloader_from_blob_into_a_table(client: Client, azurite: "BlobAccount", tmp_path: Path) -> None:
    with azurite.container("dbutils") as container:
        container.upload_blob("landing/1.json", b'{"id": 1, "price": 2.5}\n')
    source = f"""import json
def ingest():
    stream = (spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        .option("cloudFiles.schemaLocation", "{tmp_path}/c")
        .load("abfss://dbutils@{azurite.name}.dfs.core.windows.net/landing")
        .writeStream.option("checkpointLocation", "{tmp_path}/c").option("mergeSchema", "true")
        .trigger(availableNow=True).toTable("crypto.bronze.landed"))
    stream.awaitTermination()
spark.sql("CREATE SCHEMA IF NOT EXISTS crypto.bronze")
ingest()
dbutils.notebook.exit(str(spark.table("crypto.bronze.landed").count()))
"""
    assert client.notebook(source).result == 1
    with azurite.container("dbutils") as container:
        container.upload_blob("landing/2.json", b'{"id": 2, "price": 3.5, "fresh": 1}\n')
    evolved = client.notebook(source)
    assert evolved.state == ("TERMINATED", "FAILED")
    assert "UnknownFieldException" in evolved.output["error"], evolved.output["error"]
    assert "UNKNOWN_FIELD_EXCEPTION.NEW_FIELDS_IN_RECORD_WITH_FILE_PATH" in evolved.output["error"]
    assert client.notebook(source).result == 2


def test_nothing_temporary_is_left(client: Client) -> None:
    done = client.notebook("import tempfile\ndbutils.notebook.exit('\"' + tempfile.mkdtemp() + '\"')")
    assert Path(done.result).is_relative_to(client.jobs.settings.root)
    until(lambda: not Path(done.result).exists(), "the end of its folder")

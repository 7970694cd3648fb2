"""Runs the table of option cases: files and options in, columns and rows (or an error) out."""

import gzip
import json
import math
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql.types import StructField, StructType

from local_azure.cloud_files.errors import CloudFilesError, UnknownFieldsError
from tests.cloud_files.engine import Stream, columns

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("cases.json").read_text())


def plain(value: Any) -> Any:
    """A value as the table writes it."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    return value if isinstance(value, str | int | float | None) else str(value)


def put_files(stream: Stream, files: dict[str, Any], times: dict[str, str]) -> None:
    for at, (name, content) in enumerate(files.items()):
        if isinstance(content, dict):
            content = bytes.fromhex(content["bytes"]) if "bytes" in content else gzip.compress(content["gzip"].encode())
        path = stream.put(name, content)
        time = datetime.fromisoformat(times[name]).timestamp() if name in times else 1_620_000_000 + at
        os.utime(path, (time, time))


def rows_of(stream: Stream, names: list[str]) -> list[dict[str, Any]]:
    rows = []
    for row in stream.rows:
        path = row["_metadata"]["file_path"]
        shown = {name: plain(row[name]) for name in names}
        for name in {"_rescued_data", "_rest"} & row.keys():
            rescued = json.loads(row[name]) if row[name] else None
            if rescued is not None:
                assert rescued.pop("_file_path") == path
            if rescued is not None or name in names:
                shown[name] = rescued
        rows.append(shown)
    return rows


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    options = {"cloudFiles.format": "json", "cloudFiles.schemaLocation": str(tmp_path / "cp")} | case.get("options", {})
    if "hints" in case:
        options["cloudFiles.schemaHints"] = case["hints"].replace("bigint", "long").replace("tinyint", "byte")
    schema = columns(case["schema"]) if "schema" in case else None
    given = {name: value for name, value in options.items() if value is not None}
    stream = Stream(tmp_path, given, schema, pattern=case.get("pattern", ""))
    (tmp_path / "src").mkdir()
    put_files(stream, case["files"], case.get("times", {}))
    if "hints_ddl" in case:
        name, kind = next(iter(case["hints_ddl"].items()))
        field = {"name": name, "type": kind, "nullable": True, "metadata": {}}
        stream.schema = StructType.fromJson({"type": "struct", "fields": [field]})
        stream.options |= {"rescuedDataColumn": "_rescued_data"}
    if "error" in case:
        with pytest.raises((CloudFilesError, UnknownFieldsError)) as error:
            run(stream, case)
        assert case["error"] in str(error.value)
        return
    described = run(stream, case)
    data = [f for f in described if f.name not in {"_metadata", "_rescued_data"}]
    assert ", ".join(f"{f.name} {f.dataType.simpleString()}" for f in data) == case["columns"]
    assert ("_rescued_data" in described.names) is not case.get("no_rescued", False)
    assert rows_of(stream, [f.name for f in data]) == case["rows"]


def run(stream: Stream, case: dict[str, Any]) -> StructType:
    visible = stream.describe()
    stream.run()
    if "then" in case:
        put_files(stream, case["then"], {})
        stream.run()
    fields = {field.name: field for field in visible.schema}
    return StructType([StructField(name, fields[name].dataType) for name in visible.visible])

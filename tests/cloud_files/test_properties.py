"""What holds for every input: no bytes stop a reader, exact text survives, and types agree with Spark's own reader."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from local_azure.cloud_files.inference import infer_records, merge_structs, settle_columns, widen
from local_azure.cloud_files.records import EXACT, Layout, Malformed, json_text, read_records
from tests.cloud_files.engine import JSON, Stream

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
RECORDS = st.lists(st.dictionaries(st.sampled_from("abcAB"), VALUES, max_size=4), max_size=6)


@given(st.binary(max_size=80), st.booleans(), st.sampled_from(["json", "csv", "text"]))
@settings(max_examples=150, deadline=None)
def test_no_bytes_stop_a_reader(data: bytes, multi_line: bool, form: str) -> None:
    layout = Layout(form=form, multi_line=multi_line, encoding=None)
    for record in read_records(data, layout, exact=False):
        assert isinstance(record, dict | Malformed)


@given(VALUES)
@settings(deadline=None)
def test_exact_values_are_written_as_they_were_read(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert json_text(EXACT.decode(text)) == text


@given(RECORDS, RECORDS)
@settings(deadline=None)
def test_inference_does_not_depend_on_the_cut_into_files(left: list[Any], right: list[Any]) -> None:
    parts = merge_structs(infer_records(left, exact_types=True), infer_records(right, exact_types=True))
    assert settle_columns(parts) == settle_columns(infer_records(left + right, exact_types=True))


@given(RECORDS, RECORDS)
@settings(deadline=None)
def test_widening_keeps_what_was_known_in_place(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> None:
    known = settle_columns(infer_records(left, exact_types=True))
    found = settle_columns(infer_records(right, exact_types=True))
    wide = widen(known, found)
    assert wide.names[: len(known)] == known.names
    assert widen(wide, found) == wide


@given(RECORDS)
@settings(max_examples=15, deadline=None)
def test_every_record_becomes_one_row(tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]) -> None:
    home = tmp_path_factory.mktemp("records")
    location = {"cloudFiles.schemaLocation": str(home / "cp"), "cloudFiles.inferColumnTypes": "true"}
    stream = Stream(home, JSON | location | {"cloudFiles.schemaHints": "zz string"})
    stream.put("1.json", "\n".join(map(json.dumps, records)))
    stream.run()
    assert len(stream.rows) == len(records)


def random_value(rng: random.Random, depth: int) -> Any:
    kind = rng.choice(["int", "float", "text", "bool", "null", "big", "list", "object"][: 8 if depth else 6])
    match kind:
        case "int":
            return rng.randrange(-(10**12), 10**12)
        case "float":
            return rng.uniform(-1e6, 1e6)
        case "text":
            return rng.choice(["", "é", "2021-05-01", "1", 'q"\\\n'])
        case "bool":
            return rng.random() < 0.5
        case "null":
            return None
        case "big":
            return rng.choice([2**63, -(2**70), 10**25])
        case "list":
            return [random_value(rng, depth - 1) for _ in range(rng.randrange(1, 3))]
        case _:
            return {name: random_value(rng, depth - 1) for name in rng.sample("xyz", rng.randrange(1, 4))}


@pytest.mark.integration
def test_types_and_rows_agree_with_sparks_own_json_reader(spark: SparkSession, tmp_path: Path) -> None:
    """Forty columns, each a mix of one to three kinds, against an independent reader."""
    rng = random.Random(5)
    pools = {f"c{i:02d}": [random_value(rng, 2) for _ in range(rng.randrange(1, 4))] for i in range(40)}
    records = [{name: rng.choice(pool) for name, pool in pools.items()} | {"n": n} for n in range(60)]
    location = {"cloudFiles.schemaLocation": str(tmp_path / "cp"), "cloudFiles.inferColumnTypes": "true"}
    stream = Stream(tmp_path, JSON | location)
    stream.put("1.json", "\n".join(json.dumps(record, separators=(",", ":"), ensure_ascii=False) for record in records))
    theirs = spark.read.json(str(tmp_path / "src"))
    ours = stream.describe()
    assert [f"{f.name} {f.dataType.simpleString()}" for f in StructType(ours.schema.fields[:-2])] == [
        f"{f.name} {f.dataType.simpleString()}" for f in theirs.schema
    ]
    stream.run()
    expected = [row.asDict(recursive=True) for row in theirs.orderBy("n").collect()]
    found = [{name: row[name] for name in expected[0]} for row in stream.rows]
    assert found == expected
    # Spark makes an empty text null where it is no text; here it is kept as rescued data, too.
    rescued = [json.loads(row["_rescued_data"]) for row in stream.rows if row["_rescued_data"]]
    assert {value for row in rescued for name, value in row.items() if name != "_file_path"} == {""}

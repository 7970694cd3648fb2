"""Runs the notebooks of spark/jobs in the test session, with a hand-made dbutils."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from crypto_lakehouse import ingest
from crypto_lakehouse.schemas import INGESTION_FIELDS, Table
from tests.fixtures.paths import PROJECT

JOBS = PROJECT / "spark" / "jobs"
CATALOG = "spark_catalog"


class NotebookExit(BaseException):
    """What dbutils.notebook.exit ends a notebook with: nothing a notebook catches."""


class Widgets:
    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given
        self.defaults: dict[str, str] = {}

    def text(self, name: str, default: str, label: str | None = None) -> None:
        self.defaults[name] = default

    def get(self, name: str) -> str:
        return self.given.get(name, self.defaults[name])


class Exits:
    def exit(self, value: str) -> None:
        raise NotebookExit(value)


class Dbutils:
    def __init__(self, given: Mapping[str, str]) -> None:
        self.widgets = Widgets(given)
        self.notebook = Exits()


def run_notebook(spark: SparkSession, name: str, **widgets: str) -> dict[str, Any]:
    """Run a notebook with these widgets; gives what it exits with."""
    path = JOBS / f"{name}.py"
    code = compile(path.read_text(), str(path), "exec")
    with _inside(JOBS):
        try:
            exec(code, {"spark": spark, "dbutils": Dbutils({"catalog": CATALOG} | widgets), "__name__": "__main__"})
        except NotebookExit as end:
            report: dict[str, Any] = json.loads(str(end))
            return report
    raise AssertionError(f"notebook {name} ended without dbutils.notebook.exit")


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """As on Databricks: the notebook's folder is the current one."""
    before, path = Path.cwd(), list(sys.path)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path


def read_landing(spark: SparkSession, table: Table, *files: Path) -> DataFrame:
    """Landed files as bronze rows, by Spark's own JSON reader: Autoloader without rescued data."""
    known = [column for column in table.columns if column not in INGESTION_FIELDS]
    schema = ", ".join(f"{column.name} {column.type}" for column in known)
    rows = spark.read.schema(schema).option("multiLine", "true").json([str(file) for file in files])
    return ingest.add_ingestion_columns(rows).selectExpr("*", "CAST(NULL AS STRING) AS _rescued_data")


def append_bronze(spark: SparkSession, table: Table, *files: Path) -> None:
    read_landing(spark, table, *files).write.format("delta").mode("append").saveAsTable(table.qualified(CATALOG))


def drop_lakehouse(spark: SparkSession) -> None:
    for layer in ("bronze", "silver", "gold"):
        spark.sql(f"DROP SCHEMA IF EXISTS `{CATALOG}`.`{layer}` CASCADE")

"""Three-level names work for everything the lakehouse does with a Delta table."""

import pytest

from tests.databricks.harness import Client

pytestmark = pytest.mark.integration

SETUP = """spark.sql("CREATE SCHEMA IF NOT EXISTS crypto.bronze")
spark.sql("DROP TABLE IF EXISTS crypto.bronze.t")
spark.sql("CREATE TABLE crypto.bronze.t (id INT, price DOUBLE) USING DELTA")
spark.sql("INSERT INTO crypto.bronze.t VALUES (1, 1.5), (2, 2.5)")
"""
USES = {
    "read": ('result = spark.table("crypto.bronze.t").count()', 2),
    "two_levels": ('result = spark.sql("SELECT count(*) AS n FROM bronze.t").first().n', 2),
    "use_catalog": (
        'spark.sql("USE CATALOG crypto"); spark.sql("USE SCHEMA bronze"); result = spark.table("t").count()',
        2,
    ),
    "insert_overwrite": (
        'spark.sql("INSERT OVERWRITE crypto.bronze.t VALUES (9, 9.0)"); '
        'result = spark.table("crypto.bronze.t").count()',
        1,
    ),
    "append": (
        'spark.table("crypto.bronze.t").write.mode("append").saveAsTable("crypto.bronze.t"); '
        'result = spark.table("crypto.bronze.t").count()',
        4,
    ),
    "ctas": (
        'spark.sql("CREATE OR REPLACE TABLE crypto.bronze.copy USING DELTA AS SELECT * FROM crypto.bronze.t"); '
        'result = spark.table("crypto.bronze.copy").count()',
        2,
    ),
    "merge_sql": (
        'spark.sql("MERGE INTO crypto.bronze.t t USING (SELECT 2 AS id, 7.0D AS price UNION ALL SELECT 3, 8.0D) s '
        'ON t.id = s.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"); '
        'result = [row.price for row in spark.table("crypto.bronze.t").orderBy("id").collect()]',
        [1.5, 7.0, 8.0],
    ),
    "delta_table": (
        "from delta.tables import DeltaTable\n"
        'table = DeltaTable.forName(spark, "crypto.bronze.t")\n'
        'table.delete("id = 1")\n'
        'new = spark.sql("SELECT 2 AS id, 0.5D AS price")\n'
        'table.alias("t").merge(new.alias("s"), "t.id = s.id").whenMatchedUpdateAll().execute()\n'
        "result = [table.toDF().first().price, table.history(1).first().version]",
        [0.5, 3],
    ),
    "streaming": (
        "import tempfile\n"
        'spark.sql("DROP TABLE IF EXISTS crypto.bronze.s")\n'
        'stream = spark.readStream.table("crypto.bronze.t").writeStream.trigger(availableNow=True)\n'
        'stream.option("checkpointLocation", tempfile.mkdtemp()).toTable("crypto.bronze.s").awaitTermination()\n'
        'result = spark.table("crypto.bronze.s").count()',
        2,
    ),
    "time_travel": (
        'result = [spark.sql("SELECT * FROM crypto.bronze.t VERSION AS OF 0").count(), '
        'spark.read.option("versionAsOf", 1).table("crypto.bronze.t").count()]',
        [0, 2],
    ),
    "maintenance": (
        'spark.sql("OPTIMIZE crypto.bronze.t"); spark.sql("ALTER TABLE crypto.bronze.t ADD COLUMN extra STRING"); '
        'spark.sql("VACUUM crypto.bronze.t DRY RUN"); '
        'result = [spark.sql("DESCRIBE DETAIL crypto.bronze.t").first().format, '
        'spark.table("crypto.bronze.t").columns]',
        ["delta", ["id", "price", "extra"]],
    ),
    "catalog_api": (
        'result = [spark.catalog.tableExists("crypto.bronze.t"), spark.catalog.tableExists("crypto.bronze.nothing"), '
        '"t" in [row.tableName for row in spark.sql("SHOW TABLES IN crypto.bronze").collect()]]',
        [True, False, True],
    ),
    "parameters": (
        'result = spark.sql("SELECT price FROM IDENTIFIER(:name) WHERE id = :id", '
        'args={"name": "crypto.bronze.t", "id": 2}).first().price',
        2.5,
    ),
    "drop": (
        'spark.sql("DROP TABLE crypto.bronze.t"); result = spark.catalog.tableExists("crypto.bronze.t")',
        False,
    ),
}


@pytest.mark.parametrize("use", USES)
def test_three_level_names(client: Client, use: str) -> None:
    code, expected = USES[use]
    done = client.notebook(f"{SETUP}\nimport json\n{code}\ndbutils.notebook.exit(json.dumps(result))\n")
    assert done.result == expected


@pytest.mark.parametrize(
    "statement",
    ["CREATE SCHEMA other.bronze", "SELECT * FROM other.bronze.t", "CREATE TABLE other.bronze.t (x INT)"],
)
def test_another_catalog_is_refused(client: Client, statement: str) -> None:
    done = client.notebook(f'spark.sql("{statement}").show()')
    assert done.state == ("TERMINATED", "FAILED")
    assert "The local Databricks has one catalog, crypto" in done.output["error"]

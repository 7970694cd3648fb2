"""Settings for tests on a few rows."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

FOR_FEW_ROWS = {
    # Adaptive plans make a job of every stage, which on a few rows costs more than the stages.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    # VACUUM lists a table with as many tasks.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
}


@pytest.fixture(autouse=True)
def _settings_for_few_rows(request: pytest.FixtureRequest) -> Iterator[None]:
    if "spark" not in request.fixturenames:
        yield
        return
    spark: SparkSession = request.getfixturevalue("spark")
    for name, value in FOR_FEW_ROWS.items():
        spark.conf.set(name, value)
    yield
    for name in FOR_FEW_ROWS:
        spark.conf.unset(name)

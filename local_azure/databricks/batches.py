"""Gives the function of foreachBatch a session that knows the catalog.

Spark runs a stream in a clone of its session; the clone has a catalog manager of its own, in which the delegate that
makes `<catalog>.<schema>.<table>` a name of the session catalog is not set.
"""

from collections.abc import Callable

from pyspark.sql import DataFrame
from pyspark.sql.streaming.readwriter import DataStreamWriter

from local_azure.databricks.jvm import alias_catalog

Batch = Callable[[DataFrame, int], None]


def name_catalog_in_batches(catalog: str) -> None:
    """From now on, in this process."""
    original = DataStreamWriter.foreachBatch

    def foreach_batch(writer: DataStreamWriter, func: Batch) -> DataStreamWriter:
        def call(batch: DataFrame, number: int) -> None:
            alias_catalog(batch.sparkSession._jsparkSession, catalog)
            func(batch, number)

        return original(writer, call)

    DataStreamWriter.foreachBatch = foreach_batch  # type: ignore[assignment, method-assign]  # notebooks stay as they are

"""Databricks' Autoloader for open Spark: `spark.readStream.format("cloudFiles")` with the notebook unchanged."""

from typing import TYPE_CHECKING

from local_azure.cloud_files.errors import CloudFilesError, CloudFilesWarning, UnknownFieldException

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from local_azure.storage import StorageMap

__all__ = ["CloudFilesError", "CloudFilesWarning", "UnknownFieldException", "install"]


def install(spark: "SparkSession", storage: "StorageMap | None" = None) -> None:
    """Make cloudFiles work in this session and this process; calling it again updates the accounts."""
    # Spark's Python workers import this package too and need no driver.
    from local_azure.cloud_files import driver

    driver.install(spark, storage)

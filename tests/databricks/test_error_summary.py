"""The error of a run fits on a screen, whatever Spark says."""

from local_azure.databricks.spark_errors import summary

STREAM_FAILURE = """[STREAM_FAILED] Query [id = 7882154f] terminated with exception: it broke
: org.apache.spark.SparkException: [INTERNAL_ERROR] analysis failed
\tat org.apache.spark.SparkException$.internalError(SparkException.scala:119)
\tat org.apache.spark.sql.execution.QueryExecution$.toInternalError(QueryExecution.scala:861)
Caused by: java.lang.NullPointerException: delegate is null
\tat org.apache.spark.sql.connector.catalog.DelegatingCatalogExtension.name(DelegatingCatalogExtension.java:50)
\t... 64 more
=== Streaming Query ===
Current State: ACTIVE
Logical Plan: ~WriteToMicroBatchDataSourceV1"""


def test_frames_and_plans_are_left_out_and_notes_kept() -> None:
    error = RuntimeError(STREAM_FAILURE)
    error.add_note("what helps here")
    assert summary(error).splitlines() == [
        "RuntimeError: [STREAM_FAILED] Query [id = 7882154f] terminated with exception: it broke",
        ": org.apache.spark.SparkException: [INTERNAL_ERROR] analysis failed",
        "Caused by: java.lang.NullPointerException: delegate is null",
        "what helps here",
    ]


def test_a_long_error_keeps_its_beginning_and_its_end() -> None:
    error = ValueError("\n".join(f"line {number}" for number in range(100)) + "\n" + "x" * 5000)
    lines = summary(error).splitlines()
    assert lines[0] == "ValueError: line 0"
    assert lines[-2] == "line 99"
    assert len(lines) < 12
    assert max(map(len, lines)) < 500


def test_a_plain_error_stays_as_it_is() -> None:
    assert summary(ValueError("no coin 'bitcon'")) == "ValueError: no coin 'bitcon'"

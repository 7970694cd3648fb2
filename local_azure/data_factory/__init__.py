"""A local Azure Data Factory: the ARM REST API of Microsoft.DataFactory and an interpreter that executes pipelines."""

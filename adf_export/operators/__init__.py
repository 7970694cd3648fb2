"""Translators of Airflow operators, a family a file; this is the map of all of them."""

from collections.abc import Mapping
from typing import Final

from adf_export.operators.coingecko import COINGECKO
from adf_export.operators.data_factory import DATA_FACTORY
from adf_export.operators.databricks import DATABRICKS
from adf_export.operators.http import HTTP
from adf_export.operators.registry import Operator
from adf_export.operators.sql import SQL
from adf_export.operators.wasb import WASB

OPERATORS: Final[Mapping[str, Operator]] = {**DATA_FACTORY, **DATABRICKS, **COINGECKO, **HTTP, **SQL, **WASB}

"""Translators of Airflow operators, a family a file; this is the map of all of them."""

from collections.abc import Mapping
from typing import Final

from adf_export.operators.branches import BRANCHES
from adf_export.operators.coingecko import COINGECKO
from adf_export.operators.core import CORE
from adf_export.operators.dags import DAGS
from adf_export.operators.data_factory import DATA_FACTORY
from adf_export.operators.databricks import DATABRICKS
from adf_export.operators.databricks_statements import DATABRICKS_STATEMENTS
from adf_export.operators.date_branches import DATE_BRANCHES
from adf_export.operators.external import EXTERNAL
from adf_export.operators.http import HTTP
from adf_export.operators.registry import Operator
from adf_export.operators.sql import SQL
from adf_export.operators.sql_checks import SQL_CHECKS
from adf_export.operators.sql_sensor import SQL_SENSOR
from adf_export.operators.time_sensors import TIME_SENSORS
from adf_export.operators.wasb import WASB

OPERATORS: Final[Mapping[str, Operator]] = {
    **BRANCHES,
    **COINGECKO,
    **CORE,
    **DAGS,
    **DATABRICKS,
    **DATABRICKS_STATEMENTS,
    **DATA_FACTORY,
    **DATE_BRANCHES,
    **EXTERNAL,
    **HTTP,
    **SQL,
    **SQL_CHECKS,
    **SQL_SENSOR,
    **TIME_SENSORS,
    **WASB,
}

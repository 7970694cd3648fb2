"""Jinja templates and field values of Airflow as values and expressions of Data Factory."""

from adf_export.templating.json_text import as_node
from adf_export.templating.scope import Scope
from adf_export.templating.values import lower_value

__all__ = ["Scope", "as_node", "lower_value"]

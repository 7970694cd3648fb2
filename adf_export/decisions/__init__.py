"""Decisions of Python functions as expressions of Data Factory, and what they may result in."""

from adf_export.decisions.functions import lower_function, truth_of
from adf_export.decisions.results import possible_results

__all__ = ["lower_function", "possible_results", "truth_of"]

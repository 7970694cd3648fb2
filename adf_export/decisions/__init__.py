"""Decisions of Python functions as expressions of Data Factory, and what they may result in."""

from adf_export.decisions.functions import lower_function, members_of, truth_of
from adf_export.decisions.results import possible_results

__all__ = ["lower_function", "members_of", "possible_results", "truth_of"]

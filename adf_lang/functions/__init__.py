"""All functions of the language, by family; importing this package declares them."""

from adf_lang.functions import collections, context, conversion, dates, logic, math, strings
from adf_lang.registry import FUNCTIONS

__all__ = ["FUNCTIONS", "collections", "context", "conversion", "dates", "logic", "math", "strings"]

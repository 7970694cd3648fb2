"""All functions of the language, by family; importing this package declares them in `registry.FUNCTIONS`."""

from adf_lang.functions import collections, context, conversion, dates, logic, math, strings

__all__ = ["collections", "context", "conversion", "dates", "logic", "math", "strings"]

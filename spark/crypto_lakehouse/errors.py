"""The one error of the lakehouse code."""


class LakehouseError(Exception):
    """Something about the input or a widget that the message says how to put right."""

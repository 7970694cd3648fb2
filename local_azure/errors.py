"""The one base error of the local stand-ins."""


class LocalAzureError(Exception):
    """Something the user can act on: the message names the place and the remedy."""

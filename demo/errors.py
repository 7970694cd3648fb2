"""The one base error of the demo."""


class DemoError(Exception):
    """Why the demo cannot go on: one message with the place and the remedy."""

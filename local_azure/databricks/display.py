"""What `display` and `displayHTML` show in a run's log."""

import sys
from typing import Any

MAX_ROWS = 20


def display(value: Any, *_: Any, **__: Any) -> None:
    """Print a table or a value; Databricks would draw it."""
    if hasattr(value, "isStreaming"):
        if value.isStreaming:
            raise NotImplementedError("display of a stream is not run here: write it with writeStream")
        value.show(MAX_ROWS, truncate=60)
    elif hasattr(value, "to_string"):
        sys.stdout.write(f"{value.head(MAX_ROWS).to_string()}\n")
    else:
        sys.stdout.write(f"{value}\n")


def display_html(html: str) -> None:
    """Print the HTML text."""
    sys.stdout.write(f"{html}\n")

"""Moves data: sources, sinks, and the mapping between them. Copy, Lookup and the activities on files use it."""

import local_azure.data_factory.activities  # noqa: F401  these modules and its own need each other: it comes first

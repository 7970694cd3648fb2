"""Moves data: sources, sinks, and the mapping between them. Copy, Lookup and the activities on files use it."""

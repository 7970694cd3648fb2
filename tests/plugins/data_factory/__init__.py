"""Tests of what drives Data Factory."""

"""Tests of `adf-export monitor`."""

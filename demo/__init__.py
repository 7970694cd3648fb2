"""Runs the whole lakehouse on one machine and shows what it did."""

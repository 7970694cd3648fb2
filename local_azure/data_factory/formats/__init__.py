"""Reads and writes rows: JSON, delimited text, Parquet. Tables of columns between them, nothing of stores."""

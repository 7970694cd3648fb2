"""Blob Storage: real Azurite, kept alive as a child process."""

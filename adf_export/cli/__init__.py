"""The command line `adf-export`."""

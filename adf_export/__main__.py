"""`python -m adf_export` is the command `adf-export`."""

from adf_export.cli.app import main

if __name__ == "__main__":
    main()

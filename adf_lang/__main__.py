"""Makes `python -m adf_lang` the command line."""

import sys

from adf_lang.cli import main

if __name__ == "__main__":
    sys.exit(main())

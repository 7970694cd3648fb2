"""Writes adf_lang/data/windows_zones.py: the Windows zone ids and their IANA names, from CLDR's windowsZones.

    python -m pip install babel==2.18.0
    python tools/windows_zones.py

Babel carries CLDR's mapping of territory 001, the world: one IANA zone for each Windows id.
"""

from pathlib import Path

import babel
from babel.core import get_global

TARGET = Path(__file__).resolve().parents[1] / "adf_lang" / "data" / "windows_zones.py"

HEAD = '''"""Windows zone ids and the IANA zone of each (CLDR, Babel {version}); written by tools/windows_zones.py."""

WINDOWS_ZONES = {{
'''


def render() -> str:
    """The text of the table."""
    rows = [f'    "{windows}": "{iana}",\n' for windows, iana in sorted(get_global("windows_zone_mapping").items())]
    return HEAD.format(version=babel.__version__) + "".join(rows) + "}\n"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")

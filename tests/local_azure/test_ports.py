"""The port table and its page in the documentation."""

from contextlib import closing
from pathlib import Path

import pytest

from local_azure.errors import LocalAzureError
from local_azure.ports import PORTS, bind, choose, port_of


def test_the_documented_table_is_the_table(project_dir: Path) -> None:
    page = (project_dir / "docs" / "local-azure.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in page.splitlines() if line.startswith("|")]
    assert {name: int(port) for name, port in rows if port.isdecimal()} == PORTS


def test_choose() -> None:
    assert choose("default") == PORTS
    assert set(choose("free").values()) == {0}
    assert choose("default", ["blob=5"])["blob"] == 5
    assert choose("free", ["blob=5"]) == dict.fromkeys(PORTS, 0) | {"blob": 5}


def test_two_sockets_never_share_a_port() -> None:
    with closing(bind("blob", 0)) as first:
        port = port_of(first)
        with pytest.raises(LocalAzureError, match=f"port {port} for identity is taken"):
            bind("identity", port)
    with closing(bind("identity", port)) as again:
        assert port_of(again) == port

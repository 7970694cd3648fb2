"""The environment file: what is read, and what is refused at its place."""

from pathlib import Path

import pytest

from adf_export.environment import Connection, EnvironmentFileError, read_environment

WHOLE = """
[factory]
name = "adf"
location = "westeurope"
key_vault = "https://kv.vault.azure.net/"
pipelines = ["load", "Old one"]

[connections.db]
type = "postgres"
host = "h"
port = 5432
secret = "password"
extra = {sslmode = "require"}

[variables]
catalog = "crypto"
"""


def test_a_whole_file(tmp_path: Path) -> None:
    (tmp_path / "env.toml").write_text(WHOLE)
    found = read_environment(tmp_path / "env.toml")
    assert (found.name, found.location, found.key_vault) == ("adf", "westeurope", "https://kv.vault.azure.net")
    assert found.pipelines == ("load", "Old one")
    assert found.connection("db") == Connection(
        conn_id="db", type="postgres", host="h", port=5432, secret="password", extra={"sslmode": "require"}
    )
    assert not found.connection("other").configured
    assert found.variables == {"catalog": "crypto"}


# Text -> place and words of the fault.
FAULTS = {
    "[factory": ("env.toml", "is no TOML"),
    "[factory]\nnam = 'x'": ("factory.nam", "unknown key 'nam'"),
    "[factory]\nname = 1": ("factory.name", "not a text"),
    "[factory]\npipelines = 'load'": ("factory.pipelines", "not a list of texts"),
    "[factory]\npipelines = [1]": ("factory.pipelines", "not a list of texts"),
    "connections = 1": ("connections", "is no table"),
    "[connections.a]\npassword = 'x'": ("connections.a.password", "does not belong into a file"),
    "[connections.a]\nport = '1'": ("connections.a.port", "not a whole number"),
    "[connections.a-b]\n[connections.A_b]": ("connections.A_b", "one linked service"),
}


@pytest.mark.parametrize("text", FAULTS)
def test_faults_name_their_place(text: str, tmp_path: Path) -> None:
    (tmp_path / "env.toml").write_text(text)
    with pytest.raises(EnvironmentFileError) as caught:
        read_environment(tmp_path / "env.toml")
    place, words = FAULTS[text]
    assert caught.value.place.endswith(place)
    assert words in caught.value.summary

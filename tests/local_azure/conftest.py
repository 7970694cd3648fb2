"""What the tests of identity, vault and command line share."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_azure.identity.service import MANAGED_IDENTITY_PATH
from tests.local_azure.cloud import Cloud, cloud_in


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud_in(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def managed_identity(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The environment of a process that `local-azure env` prepared."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{cloud.identity_url}{MANAGED_IDENTITY_PATH}")
    monkeypatch.setenv("IDENTITY_HEADER", cloud.secrets.identity_header)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cloud.tls.bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(cloud.tls.bundle))
    return cloud


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)

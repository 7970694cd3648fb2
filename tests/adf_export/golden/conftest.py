"""`pytest tests/adf_export/golden --update` writes what is expected anew; then read the difference line by line."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the golden folders anew")


@pytest.fixture(scope="session")
def update(request: pytest.FixtureRequest) -> bool:
    # Where the whole of tests/ is run, the option is not known.
    return bool(request.config.getoption("--update", default=False))

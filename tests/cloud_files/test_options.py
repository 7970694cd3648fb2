"""Every option of Autoloader has a row, and typing errors are found."""

from pathlib import Path

import pytest

from local_azure.cloud_files.errors import CloudFilesError
from local_azure.cloud_files.options import BY_NAME, OPTIONS, OptionReader, Status, check_options, find_option

# Databricks' option reference, by what its own section says.
DOCUMENTED = Path(__file__).with_name("documented_options.txt").read_text().split()

JSON = {"cloudFiles.format": "json"}

ERRORS = [
    ({}, "'cloudFiles.format' is missing"),
    ({"cloudFiles.format": "jsn"}, "must be one of json, csv, text, binaryFile, not 'jsn'"),
    ({"cloudFiles.format": "parquet"}, "'parquet' is not supported"),
    ({"cloudFiles.maxFilePerTrigger": "5"}, "did you mean 'cloudFiles.maxFilesPerTrigger'?"),
    ({"cloudFiles.shemaLocation": "x"}, "did you mean 'cloudFiles.schemaLocation'?"),
    ({"schemaHints": "x"}, "did you mean 'cloudFiles.schemaHints'?"),
    ({"multline": "true"}, "did you mean 'multiLine'?"),
    ({"header": "true"}, "'header' is not one of format 'json'"),
    ({"cloudFiles.cleanSource": "DELETE"}, "'cloudFiles.cleanSource' is not supported"),
    ({"cloudFiles.cleanSource.moveDestination": "/x"}, "'cloudFiles.cleanSource.moveDestination' is not supported"),
    ({"dateFormat": "dd.MM.yyyy"}, "'dateFormat' is not supported"),
]

WARNINGS = [
    {"cloudFiles.useNotifications": "true"},
    {"cloudFiles.backfillInterval": "1 day"},
    {"cloudFiles.resourceTag.team": "data"},
    {"cloudFiles.clientSecret": "hidden"},
    {"cloudFiles.useIncrementalListing": "auto"},
]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_documented_option_has_a_row(name: str) -> None:
    row = find_option(name)
    assert row is not None
    assert row.meaning


def test_the_table_is_sorted_and_names_are_unique() -> None:
    own = [row.name for row in OPTIONS if row.name.startswith("cloudFiles.")]
    assert own == sorted(own, key=str.lower)
    assert len(BY_NAME) == len(OPTIONS)
    assert all(row.default is not None or row.status is not None for row in OPTIONS)


@pytest.mark.parametrize(("given", "text"), ERRORS, ids=lambda value: str(value)[:40])
def test_a_wrong_option_is_refused_by_name(given: dict[str, str], text: str) -> None:
    complete = given if not given or "cloudFiles.format" in given else JSON | given
    with pytest.raises(CloudFilesError) as error:
        check_options(complete)
    assert text in str(error.value)


@pytest.mark.parametrize("given", WARNINGS, ids=str)
def test_what_changes_nothing_here_is_accepted_with_a_warning(given: dict[str, str]) -> None:
    (warning,) = check_options(JSON | given)
    assert next(iter(given)) in warning
    assert "hidden" not in warning


def test_unknown_options_are_only_warned_about_when_validation_is_off() -> None:
    (warning,) = check_options(JSON | {"cloudFiles.validateOptions": "false", "multline": "true"})
    assert "unknown option 'multline'; did you mean 'multiLine'?" in warning


def test_a_refused_option_may_be_given_its_default() -> None:
    defaults = {row.name: row.default for row in OPTIONS if row.status is Status.REFUSED and row.default is not None}

    assert check_options(JSON | {name: str(value) for name, value in defaults.items()}) == []


VALUES = [
    ("size", "cloudFiles.maxBytesPerTrigger", "10g", 10 << 30),
    ("size", "cloudFiles.maxBytesPerTrigger", "500 MB", 500 << 20),
    ("size", "cloudFiles.maxBytesPerTrigger", "77", 77),
    ("size", "cloudFiles.maxBytesPerTrigger", "ten", "a size such as 500m or 10g"),
    ("size", "cloudFiles.maxBytesPerTrigger", "0", "a size such as 500m or 10g"),
    ("count", "cloudFiles.maxFilesPerTrigger", "12", 12),
    ("count", "cloudFiles.maxFilesPerTrigger", "0", "a whole number above 0"),
    ("count", "cloudFiles.maxFilesPerTrigger", "-1", "a whole number above 0"),
    ("flag", "multiLine", "TRUE", True),
    ("flag", "multiLine", "yes", "must be true or false"),
]


@pytest.mark.parametrize(("method", "name", "text", "expected"), VALUES)
def test_values_are_read_or_refused(method: str, name: str, text: str, expected: object) -> None:
    read = getattr(OptionReader({name: text}), method)
    if isinstance(expected, str):
        with pytest.raises(CloudFilesError, match=expected):
            read(name)
    else:
        assert read(name) == expected

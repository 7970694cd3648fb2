"""docs/data-factory says what the registries say, and every switch is told of."""

from collections.abc import Collection
from dataclasses import fields
from pathlib import Path

import pytest

from local_azure.data_factory import coverage
from local_azure.data_factory.activities import TYPES as ACTIVITIES
from local_azure.data_factory.choices import Choices
from local_azure.data_factory.datasets import TYPES as DATASETS
from local_azure.data_factory.linked_services import TYPES as LINKED_SERVICES
from local_azure.data_factory.validation.facts import Family, Record, facts

HONOURED: dict[tuple[str, str], Collection[str]] = {
    **{("Activity", name): kind.properties for name, kind in ACTIVITIES.items()},
    **{("Dataset", name): kind.properties for name, kind in DATASETS.items()},
    **{("LinkedService", name): kind.properties for name, kind in LINKED_SERVICES.items()},
}


def test_the_page_is_current(project_dir: Path) -> None:
    page = (project_dir / "docs" / "data-factory" / "coverage.md").read_text(encoding="utf-8")
    assert page == coverage.render(), "run: python -m local_azure.data_factory.coverage"


@pytest.mark.parametrize(("family", "name"), HONOURED)
def test_what_is_executed_exists(family: str, name: str) -> None:
    """A property that Microsoft's specification does not have is a slip in a registry."""
    number = facts().families[family].members[name].properties["typeProperties"]
    record = facts().types[number]
    known = record.common if isinstance(record, Family) else record
    assert isinstance(known, Record)
    assert set(HONOURED[family, name]) <= set(known.properties)


def test_every_switch_is_told_of(project_dir: Path) -> None:
    page = (project_dir / "docs" / "data-factory" / "open-points.md").read_text(encoding="utf-8")
    assert [item.name for item in fields(Choices) if f"`{item.name}`" not in page] == []

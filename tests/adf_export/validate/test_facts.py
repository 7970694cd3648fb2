"""facts.json is what the committed tool writes, the same for the compiler and for the local Data Factory."""

from pathlib import Path

from adf_export.validate.corrections import TYPES
from adf_export.validate.facts import facts
from tools.adf_facts import TARGETS, render


def test_both_copies_are_what_the_tool_writes(shared_dir: Path) -> None:
    written = render(shared_dir / "adf" / "bicep-types.microsoft.datafactory.2018-06-01.json")
    assert [target for target in TARGETS if target.read_text(encoding="utf-8") != written] == []


def test_every_correction_is_about_a_type_of_the_table() -> None:
    assert {name for name, _ in TYPES} <= {fact.get("object") for fact in facts().types}

"""Expectations as a widget chooses them, and what a failing one says."""

import pytest

from crypto_lakehouse.errors import LakehouseError
from crypto_lakehouse.quality import (
    EXPECTATIONS,
    Expectation,
    choose_expectations,
    choose_mode,
    judge,
    report,
    require_all,
)

GOOD = {e.name: e.at_least if e.at_least is not None else e.at_most for e in EXPECTATIONS}


def test_all_hold_at_their_bounds() -> None:
    findings = judge(EXPECTATIONS, GOOD)
    require_all(findings, "fail")
    assert report(findings, "fail")["passed"] is True


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=lambda e: e.name)
@pytest.mark.parametrize("value", [None, "beyond"])
def test_each_fails_by_name_beyond_its_bound_and_when_nothing_was_measured(
    expectation: Expectation, value: str | None
) -> None:
    beyond = expectation.at_least - 1 if expectation.at_least is not None else (expectation.at_most or 0) + 1
    findings = judge(EXPECTATIONS, GOOD | {expectation.name: beyond if value else None})
    with pytest.raises(LakehouseError) as failure:
        require_all(findings, "fail")
    text = str(failure.value)
    assert text.startswith(f"1 of {len(EXPECTATIONS)} expectations do not hold:\n- {expectation.name} on ")
    assert expectation.remedy in text
    require_all(findings, "warn")
    assert report(findings, "warn")["failing"] == [text.partition("\n- ")[2]]


def test_a_widget_moves_a_bound_or_switches_off() -> None:
    chosen = {e.name: e for e in choose_expectations('{"freshness_hours": false, "quarantine_ratio": 0.5}')}
    assert "freshness_hours" not in chosen
    assert len(chosen) == len(EXPECTATIONS) - 1
    assert chosen["quarantine_ratio"].bound == "<= 0.5"
    assert choose_expectations("") == EXPECTATIONS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "widget expectations is no JSON"),
        ("[]", "expected a JSON object of name to bound or false"),
        ('{"freshness": 1}', "names 'freshness'; known are observations_present"),
        ('{"freshness_hours": true}', "gives 'freshness_hours' the bound True; expected a number or false"),
        ('{"freshness_hours": "1"}', "gives 'freshness_hours' the bound '1'; expected a number or false"),
    ],
)
def test_a_wrong_widget_says_what_is_expected(text: str, message: str) -> None:
    with pytest.raises(LakehouseError) as failure:
        choose_expectations(text)
    assert message in str(failure.value)


def test_a_wrong_mode_says_what_is_expected() -> None:
    assert choose_mode("warn") == "warn"
    with pytest.raises(LakehouseError, match="widget mode is 'strict'; expected fail or warn"):
        choose_mode("strict")

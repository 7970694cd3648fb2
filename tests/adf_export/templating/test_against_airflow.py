"""Templates rendered by Airflow, and their expressions evaluated, give equal values over random runs."""

import random
from typing import Any

import pytest

from adf_export.diagnostics import Diagnostic, Refusal
from adf_export.ir.factory import Json
from adf_export.ir.values import Template
from adf_export.templating.filters import FILTERS
from adf_export.templating.names import has_root
from adf_export.templating.templates import lower_template
from adf_lang.errors import AdfLangError
from tests.adf_export.templating.pairs import Pair, pairs
from tests.adf_export.templating.world import Run, random_run, scope, value_of

RUNS = 40
# They read the clock.
NOT_COMPARED = ("utcnow",)


@pytest.fixture(scope="module")
def environments() -> dict[bool, Any]:
    from tests.adf_export.templating.airflow_side import environment

    return {native: environment(native=native) for native in (False, True)}


@pytest.mark.parametrize(
    "pair",
    [pair for pair in pairs() if not any(word in pair.template for word in NOT_COMPARED)],
    ids=lambda pair: pair.place,
)
def test_airflow_renders_what_the_expression_gives(pair: Pair, environments: dict[bool, Any]) -> None:
    from tests.adf_export.templating.airflow_side import render

    reported: list[Diagnostic] = []
    try:
        value = lower_template(Template(text=pair.template), scope(reported, native=pair.native))
    except Refusal:
        return
    chance = random.Random(pair.template)
    equal = 0
    for _ in range(RUNS):
        run = random_run(chance)
        try:
            wanted = render(pair.template, environments[pair.native], run, native=pair.native)
        except Exception:
            # A task that fails in Airflow: what it does in Data Factory is not promised.
            continue
        given = _evaluated(value, run)
        same = type(given) is type(wanted) and given == wanted
        equal += same
        assert same or reported, f"Airflow gives {wanted!r}, Data Factory {given!r}"
    assert equal or reported


def _evaluated(value: Json, run: Run) -> Any:
    try:
        return value_of(value, run)
    except AdfLangError as error:
        return error


def test_every_name_of_the_context_is_known() -> None:
    from airflow.sdk.definitions.context import KNOWN_CONTEXT_KEYS

    assert not [name for name in KNOWN_CONTEXT_KEYS if not has_root(name)]


def test_every_filter_of_airflow_is_known() -> None:
    from airflow.sdk.definitions._internal import templater

    assert not set(templater.FILTERS) - set(FILTERS)

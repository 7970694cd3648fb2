"""DAGs that are too large for one pipeline, run in the local Data Factory."""

from pathlib import Path
from typing import Any

import pytest

from adf_export.ir.dag import Group, TriggerRule
from adf_export.ir.factory import inside
from adf_export.ir.unit import Draft, Unit
from adf_export.passes.link import link
from adf_export.passes.outline import outline
from adf_export.passes.trigger_rules import trigger_rules
from tests.adf_export.passes import building
from tests.adf_export.passes.building import context, dag, draft, place, task, unit
from tests.adf_export.passes.building import web as web_activity
from tests.data_factory.harness import FAILED, OK


def node(name: str, *upstream: str, rule: str = "all_success") -> Unit:
    return unit(web_activity(name), task(name, *upstream, trigger_rule=TriggerRule(rule)))


def whole(*units: Unit, group: tuple[str, ...] = ()) -> Draft:
    tasks = [task(one.id, *one.upstream, group="g" if one.id in group else None) for one in units]
    return draft(dag(*tasks, groups=(Group(group_id="g", origin=place()),) if group else ()), *units)


MANY = [f"m{number}" for number in range(100)]
FEW = [f"f{number}" for number in range(50)]
BESIDE = whole(node("s"), *(node(name, "s") for name in MANY), node("t", *MANY))
CHAIN = whole(node("s"), *(node(name, before) for name, before in zip(MANY, ["s", *MANY], strict=False)))
GROUP = whole(
    node("s"),
    *(node(name, "s") for name in FEW),
    *(node(f"{name}_2", name) for name in FEW),
    node("t", *(f"{name}_2" for name in FEW)),
    group=(*FEW[:20], *(f"{name}_2" for name in FEW[:20])),
)
CASES = {"beside each other": BESIDE, "one behind the other": CHAIN}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("ends", [OK, FAILED])
def test_every_pipeline_is_small_enough_and_runs_as_before(tmp_path: Path, case: str, ends: Any) -> None:
    given, using = CASES[case], context()
    found = outline(given, using)
    sizes = [sum(1 for one in given.units), *(len(list(inside(child.activities))) for child in found.children)]
    assert len(found.units) <= 80
    assert all(size <= 80 for size in sizes[1:])
    assert sum(sizes[1:]) + len(found.units) - len(found.children) == sizes[0]
    injections = dict.fromkeys((*MANY, "s", "t"), OK) | {"m60": ends}
    done = building.run(tmp_path, found, using, trigger_rules, link, injections=injections)
    assert str(done.run.status) == ("Succeeded" if ends is OK else "Failed")


def test_task_groups_come_first() -> None:
    """Each of the group's chains has its own upstream task inside, and all ends lead to t: not all ends of the DAG."""
    found = outline(GROUP, context())
    assert next(child.name for child in found.children) == "main_g"

"""Pictures: everything is in them, nothing overlaps, texts fit, and two runs draw the same."""

import itertools
import random
import xml.etree.ElementTree as ElementTree

import pytest

from adf_export.backends.drawing import Box, Drawing, Node, draw_dag, draw_pipelines
from adf_export.backends.graph import graph_mermaid, graph_svg
from adf_export.backends.layout import Place, lay_out
from adf_export.ir.dag import Dag, Group, Schedule, Task, TriggerRule
from adf_export.ir.factory import Pipeline
from tests.adf_export.backends.samples import ORIGIN, activity, everything, pipeline

SVG = "{http://www.w3.org/2000/svg}"
MANUAL = Schedule(timetable="NullTimetable", text="", manual_interval_is_point=True)
HTTP = "airflow.providers.http.operators.http.HttpOperator"


def task(name: str, *upstream: str, group: str | None = None, rule: TriggerRule = TriggerRule.ALL_SUCCESS) -> Task:
    return Task(task_id=name, origin=ORIGIN, operator=HTTP, upstream=upstream, group=group, trigger_rule=rule)


def dag(*tasks: Task, groups: tuple[Group, ...] = ()) -> Dag:
    return Dag(dag_id="daily", origin=ORIGIN, schedule=MANUAL, tasks=tasks, groups=groups)


SMALL = dag(
    task("extract"),
    task("land.a", "extract", group="land"),
    task("land.inner.b", "land.a", group="land.inner"),
    task("a & <b>", "land.a", "land.inner.b"),
    task("report", "extract", "a & <b>", rule=TriggerRule.ONE_FAILED),
    groups=(Group(group_id="land"), Group(group_id="land.inner", parent="land")),
)


def some(seed: int) -> tuple[Dag, Pipeline]:
    """40 tasks in 5 groups, and 40 activities."""
    chance = random.Random(seed)
    upstream = [sorted(chance.sample(range(max(0, n - 6), n), min(n, chance.choice((1, 1, 2))))) for n in range(40)]
    groups = [f"group_{chance.randrange(5)}" for _ in range(40)]
    names = [f"{group}.task_{n}{'_long' * chance.randrange(8)}" for n, group in enumerate(groups)]
    tasks = [task(names[n], *(names[up] for up in upstream[n]), group=groups[n]) for n in range(40)]
    edges = [[f"{n}{chance.choice(('', ':Failed', ':Completed,Skipped'))}" for n in ups] for ups in upstream]
    activities = [activity(str(n), "WebActivity", *edges[n], url="x", method="GET") for n in range(40)]
    return dag(*tasks, groups=tuple(Group(group_id=f"group_{n}") for n in range(5))), pipeline(*activities)


SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_picture_of_40_is_valid_and_the_same_again(seed: int) -> None:
    drawn, built = some(seed)
    picture = graph_svg(drawn, [built])
    assert picture == graph_svg(drawn, [built])
    root = ElementTree.fromstring(picture)
    assert len(root.findall(f".//{SVG}rect[@class='node task']")) == 80
    edges = sum(len(item.upstream) for item in drawn.tasks) + sum(len(item.depends_on) for item in built.activities)
    assert len(root.findall(f".//{SVG}path[@class='edge']")) == edges
    assert graph_mermaid(drawn, [built]).count(" -->") == edges


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_overlaps_and_everything_is_inside(seed: int) -> None:
    drawn, built = some(seed)
    for drawing in (draw_dag(drawn), *draw_pipelines([built]), *draw_pipelines(everything().pipelines)):
        layout = lay_out(drawing)
        for box in boxes(drawing.box):
            places = [layout.places[member.id] for member in box.members]
            for one, other in itertools.combinations(places, 2):
                assert apart(one, other)
            assert all(inside(place, layout.places[box.id]) for place in places)
        # An edge that goes over several layers does not run through what stands in them.
        for points in layout.bends.values():
            for x, y in points:
                for node in nodes(drawing.box):
                    place = layout.places[node.id]
                    assert not (place.x < x < place.x + place.width and place.y < y < place.y + place.height)


def test_texts_fit() -> None:
    root = ElementTree.fromstring(graph_svg(*(lambda pair: (pair[0], [pair[1]]))(some(1))))
    for group in root.findall(f"{SVG}g"):
        rectangles = [rect for rect in group.findall(f"{SVG}rect") if rect.get("class", "").startswith("node")]
        for text in group.findall(f"{SVG}text"):
            if text.get("class") == "label":
                continue
            x, y = float(text.get("x", 0)), float(text.get("y", 0))
            around = [
                rect
                for rect in rectangles
                if 0 <= x - float(rect.get("x", 0)) <= float(rect.get("width", 0))
                and 0 <= y - float(rect.get("y", 0)) <= float(rect.get("height", 0))
            ]
            for rect in around:
                assert x + len(text.text or "") * 7.23 <= float(rect.get("x", 0)) + float(rect.get("width", 0))


def test_mermaid_has_groups_containers_conditions_and_helpers() -> None:
    assert graph_mermaid(SMALL, [pipeline(activity("A"), activity("B", "Wait", "A:Failed,Skipped"))]) == (
        """flowchart LR
    subgraph airflow["Airflow: daily"]
        subgraph g0["land"]
            subgraph g1["inner"]
                t2["b<br/>HttpOperator"]
            end
            t1["a<br/>HttpOperator"]
        end
        t0["extract<br/>HttpOperator"]
        t3["a #38; #60;b#62;<br/>HttpOperator"]
        t4["report<br/>HttpOperator<br/>one_failed"]
    end
    subgraph p0["Data Factory: daily"]
        p0a0["A<br/>Wait"]
        p0a1["B<br/>Wait"]
    end
    t0 --> t1
    t1 --> t2
    t1 --> t3
    t2 --> t3
    t0 --> t4
    t3 --> t4
    p0a0 -->|"Failed or Skipped"| p0a1
    linkStyle 6 stroke:#8764b8
    classDef helper fill:#f3f2f1,stroke:#c8c6c4,color:#605e5c,stroke-dasharray:4 3
"""
    )


def test_containers_are_boxes_and_helpers_look_lighter() -> None:
    root = ElementTree.fromstring(graph_svg(SMALL, everything().pipelines))
    titles = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "title"]
    assert {"ForEach: Each", "Switch: Choose", "1", "Default", "IfCondition: Check", "True", "False"} <= set(titles)
    assert len(root.findall(f".//{SVG}rect[@class='node helper']")) == 1


def test_a_dag_without_tasks() -> None:
    ElementTree.fromstring(graph_svg(dag(), []))
    assert "airflow_empty" in graph_mermaid(dag(), [])


def apart(one: Place, other: Place) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or one.y + one.height <= other.y or other.y + other.height <= one.y


def inside(place: Place, box: Place) -> bool:
    return (
        box.x <= place.x
        and box.y <= place.y
        and place.x + place.width <= box.x + box.width
        and place.y + place.height <= box.y + box.height
    )


def boxes(box: Box) -> list[Box]:
    return [box, *(inner for member in box.members if isinstance(member, Box) for inner in boxes(member))]


def nodes(box: Box) -> list[Node]:
    return [member for one in boxes(box) for member in one.members if isinstance(member, Node)]


def test_edges_are_between_what_is_drawn() -> None:
    drawing: Drawing = draw_dag(SMALL)
    known = {node.id for node in nodes(drawing.box)}
    assert {end for edge in drawing.edges for end in (edge.source, edge.target)} <= known

"""Holds names against Data Factory's characters, lengths and uniqueness, which is without case."""

import re
from collections.abc import Iterable

from local_azure.data_factory.validation.facts import Text, facts
from local_azure.data_factory.validation.kinds import Kind
from local_azure.data_factory.validation.limits import ACTIVITY_NAME, PIPELINE_NAME
from local_azure.data_factory.validation.paths import ROOT, Path
from local_azure.data_factory.validation.subject import Found, Subject, problem

ACTIVITY = re.compile(r"[^\W][^.+?/<>*%&:\\]*")
FORBIDDEN = r". + ? / < > * % & : \ "


def check_names(subject: Subject) -> Found:
    """The document's name, then activities, parameters and variables."""
    yield from _resource(subject)
    yield from _activities(subject)
    for word in ("parameters", "variables"):
        names = subject.properties.get(word)
        if isinstance(names, dict):
            paths = [(name, ("properties", word, name)) for name in names]
            yield from _unique(paths, word.removesuffix("s"))


def _resource(subject: Subject) -> Found:
    given = subject.document.get("name")
    if isinstance(given, str) and given.lower() != subject.name.lower():
        yield problem(("name",), f"the {subject.kind.words} is put as '{subject.name}', but calls itself '{given}'")
    fact = facts().types[facts().kinds[subject.kind]["name"]]
    longest = PIPELINE_NAME.most if subject.kind is Kind.PIPELINE else 260
    if not isinstance(fact, Text) or fact.pattern is None:
        return
    path = ("name",) if isinstance(given, str) else ROOT
    longest = min(longest, fact.longest or longest)
    if not fact.pattern.fullmatch(subject.name):
        yield problem(path, f"the name '{subject.name}' must have the form {fact.pattern.pattern}")
    if not (fact.shortest or 1) <= len(subject.name) <= longest:
        yield problem(path, f"the name has {len(subject.name)} characters; {fact.shortest} to {longest} are allowed")


def _activities(subject: Subject) -> Found:
    for activity in subject.pipeline.activities:
        path = (*activity.path, "name")
        if len(activity.name) > ACTIVITY_NAME.most:
            yield problem(
                path, f"'{activity.name}' has {len(activity.name)} characters, {ACTIVITY_NAME.most} are allowed"
            )
        if not ACTIVITY.fullmatch(activity.name):
            yield problem(
                path,
                f"'{activity.name}' is no name of an activity: it begins with a letter, digit or underscore, and has "
                f"none of {FORBIDDEN.strip()}",
            )
    names = [(activity.name, (*activity.path, "name")) for activity in subject.pipeline.activities]
    yield from _unique(names, "activity")


def _unique(names: Iterable[tuple[str, Path]], what: str) -> Found:
    seen: dict[str, str] = {}
    for name, path in names:
        first = seen.setdefault(name.lower(), name)
        if first is not name:
            yield problem(path, f"{_article(what)} named '{first}' is there already; case does not count")


def _article(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"

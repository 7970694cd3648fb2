"""Holds a document against the facts: types, required properties, bounds, enumerations; collects its expressions.

One walk does both, because only the facts say where an expression may stand. A walk never raises on what it meets: all
that is wrong becomes a problem with its path, and the walk goes on beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adf_lang import Type
from adf_lang.checker import ANY
from adf_lang.errors import nearest
from adf_lang.types import type_of
from local_azure.data_factory.errors import Problem
from local_azure.data_factory.validation.differences import (
    ANY_CASE,
    DECLARATIONS,
    EMPTY_IN_FILES,
    JUDGED_BY_RULE,
    WRITTEN_BY_TOOLS,
)
from local_azure.data_factory.validation.executed import is_inert
from local_azure.data_factory.validation.facts import (
    Choice,
    Facts,
    Family,
    Flag,
    Items,
    Record,
    Text,
    Value,
    Whole,
)
from local_azure.data_factory.validation.paths import ROOT, Path, write_path

Json = Any

EXPRESSION_FORM = '{"value": "@...", "type": "Expression"}'
# What an expression may give where the facts want this; texts are read as numbers and booleans at run time.
RESULTS: dict[str, frozenset[Type]] = {
    "boolean": frozenset({Type.BOOLEAN, Type.STRING}),
    "integer": frozenset({Type.INTEGER, Type.FLOAT, Type.STRING}),
    "number": frozenset({Type.INTEGER, Type.FLOAT, Type.STRING}),
}
REFERENCES = frozenset({"DatasetReference", "LinkedServiceReference", "PipelineReference"})
# A property that is spelt so much like one of the table's is a slip, wherever unknown ones are let pass.
SLIP = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A string that Data Factory evaluates."""

    path: Path
    text: str
    # Path of the innermost activity around it; ROOT: none.
    owner: Path
    # The types that its value may have.
    expected: frozenset[Type] = ANY
    # True: it stands for a secret, or may contain one; no message quotes it.
    secret: bool = False


# Says why a member of a family is not looked into (it is refused, or inactive); a text is a problem, None is none.
Gate = Callable[[str, str, Mapping[str, Json]], "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An object that names another resource."""

    path: Path
    # Object of the facts: DatasetReference, LinkedServiceReference, PipelineReference ...
    record: str
    document: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do with an object of a family."""

    enter: bool
    problem: str | None = None


ENTER = Verdict(enter=True)


def is_expression(text: str) -> bool:
    """Whether a string holds an expression: `@...`, or `@{...}` somewhere."""
    if text.startswith("@@"):
        return False
    return "@{" in text or (text.startswith("@") and len(text) > 1)


def is_expression_object(value: Json) -> bool:
    """Whether a value is {"value": .., "type": "Expression"}."""
    return isinstance(value, dict) and value.get("type") == "Expression" and "value" in value


class Walk:
    """One walk through one document."""

    def __init__(self, facts: Facts, gate: Gate, *, secret_texts: bool = False) -> None:
        self.problems: list[Problem] = []
        self.sites: list[Site] = []
        # References to other resources, where the facts have them.
        self.references: list[Reference] = []
        self._facts = facts.types
        self._secret_family = facts.families["SecretBase"]
        self._gate = gate
        # Of linked services: any string may hold a key, so none is quoted.
        self._secret_texts = secret_texts
        self._visits: Mapping[type, Callable[[Any, Json, Path, Path], None]] = {
            Value: self._value,
            Text: self._text,
            Whole: self._whole,
            Flag: self._flag,
            Choice: self._choice,
            Items: self._items,
            Record: self._record,
            Family: self._family,
        }

    def visit(self, number: int, value: Json, path: Path, owner: Path = ROOT) -> None:
        """Holds a value against the type of this number."""
        fact = self._facts[number]
        self._visits[type(fact)](fact, value, path, owner)

    def report(self, path: Path, message: str) -> None:
        self.problems.append(Problem(path=write_path(path), message=message))

    def _quoted(self, text: str) -> str:
        return "another text" if self._secret_texts else f"'{_cut(text)}'"

    def _wrong(self, path: Path, wanted: str, value: Json, hint: str = "") -> None:
        self.report(path, f"must be {wanted}, but is {type_of(value)}{hint}")

    def _site(self, text: str, path: Path, owner: Path, kind: str = "any", *, secret: bool = False) -> None:
        self.sites.append(
            Site(
                path=path,
                text=text,
                owner=owner,
                expected=RESULTS.get(kind, ANY),
                secret=secret or self._secret_texts or kind == "secret",
            )
        )

    def _value(self, fact: Value, value: Json, path: Path, owner: Path) -> None:
        kind = fact.kind
        if type(value) is str:
            if "@" in value and is_expression(value):
                self._site(value, path, owner, kind)
            else:
                self._literal_text(fact, value, path)
        elif is_expression_object(value):
            if isinstance(value["value"], str):
                self._site(value["value"], (*path, "value"), owner, kind)
            else:
                self._value(fact, value["value"], (*path, "value"), owner)
        elif kind == "any":
            self._anything(value, path, owner)
        else:
            self._literal(fact, value, path, owner)

    def _literal_text(self, fact: Value, text: str, path: Path) -> None:
        wanted = _NOT_TEXT.get(fact.kind)
        if wanted is not None and not wanted(text):
            self._wrong(path, f"{_ARTICLES[fact.kind]} or an expression", text)
        elif fact.pattern is not None and not fact.pattern.fullmatch(text):
            self.report(path, f"must have the form {fact.pattern.pattern}, such as 0.12:00:00")
        elif fact.minimum is not None and float(text) < fact.minimum:
            self.report(path, f"must be at least {fact.minimum}, but is {text}")

    def _literal(self, fact: Value, value: Json, path: Path, owner: Path) -> None:
        if fact.kind == "secret" and isinstance(value, dict):
            self._family(self._secret_family, value, path, owner)
        elif type(value) not in _LITERAL_TYPES[fact.kind]:
            self._wrong(path, f"{_ARTICLES[fact.kind]} or an expression", value)
        elif isinstance(value, dict | list):
            self._anything(value, path, owner)
        elif fact.minimum is not None and value < fact.minimum:
            self.report(path, f"must be at least {fact.minimum}, but is {value}")

    def _anything(self, value: Json, path: Path, owner: Path) -> None:
        """Only the expressions in it can be judged."""
        if isinstance(value, str):
            if "@" in value and is_expression(value):
                self._site(value, path, owner)
        elif isinstance(value, dict):
            for key, item in value.items():
                self._anything(item, (*path, key), owner)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self._anything(item, (*path, index), owner)

    def _text(self, fact: Text, value: Json, path: Path, owner: Path) -> None:
        if type(value) is not str:
            self._wrong(path, "a string", value)
        elif fact.longest is not None and len(value) > fact.longest:
            self.report(path, f"has {len(value)} characters, {fact.longest} are allowed")
        elif fact.shortest is not None and len(value) < fact.shortest:
            self.report(path, f"has {len(value)} characters, at least {fact.shortest} are needed")
        elif fact.pattern is not None and not fact.pattern.fullmatch(value):
            self.report(path, f"must have the form {fact.pattern.pattern}, but is {self._quoted(value)}")
        elif "@" in value and is_expression(value) and "typeProperties" in path and path[-1] != "description":
            self.report(path, "takes no expression by Microsoft's specification: give the text itself")

    def _whole(self, fact: Whole, value: Json, path: Path, owner: Path) -> None:
        hint = "; an expression cannot stand here" if isinstance(value, str) and is_expression(value) else ""
        number = _whole_number(value)
        if number is None:
            self._wrong(path, "an integer", value, hint)
        elif fact.minimum is not None and number < fact.minimum:
            self.report(path, f"must be at least {fact.minimum}, but is {number}")
        elif fact.maximum is not None and number > fact.maximum:
            self.report(path, f"must be at most {fact.maximum}, but is {number}")

    def _flag(self, fact: Flag, value: Json, path: Path, owner: Path) -> None:
        if not isinstance(value, bool) and not (isinstance(value, str) and _is_boolean(value)):
            hint = "; an expression cannot stand here" if isinstance(value, str) and is_expression(value) else ""
            self._wrong(path, "a boolean", value, hint)

    def _choice(self, fact: Choice, value: Json, path: Path, owner: Path) -> None:
        if type(value) is not str:
            self._wrong(path, _one_of(fact.values), value)
        elif value not in fact.values:
            if not ANY_CASE.isdisjoint(path[-2:]) and value.capitalize() in fact.values:
                return
            self.report(path, f"must be {_one_of(fact.values)}, but is {self._quoted(value)}")

    def _items(self, fact: Items, value: Json, path: Path, owner: Path) -> None:
        if not isinstance(value, list):
            self._wrong(path, "an array", value)
            return
        for index, item in enumerate(value):
            self.visit(fact.item, item, (*path, index), owner)

    def _record(self, fact: Record, value: Json, path: Path, owner: Path) -> None:
        if not isinstance(value, dict):
            self._wrong(path, "an object", value, _bare_hint(fact, value))
        elif fact.name == "Expression":
            self._expression(value, path, owner)
        elif fact.name in DECLARATIONS:
            self._declaration(DECLARATIONS[fact.name], value, path)
        elif fact.name == "SecureString" and isinstance(value.get("value"), str):
            self._site_if(value["value"], (*path, "value"), owner)
        else:
            self._members(fact, value, path, owner)

    def _site_if(self, text: str, path: Path, owner: Path) -> None:
        # The specification takes no expression in a SecureString; parameterized linked services rest on it.
        if is_expression(text):
            self._site(text, path, owner, secret=True)

    def _members(self, fact: Record, value: Mapping[str, Json], path: Path, owner: Path) -> None:
        if fact.name in REFERENCES:
            self.references.append(Reference(path=path, record=fact.name, document=value))
        for key, item in value.items():
            number = fact.properties.get(key)
            if number is None:
                self._unknown(fact, key, item, path, owner)
            elif item is not None and key not in fact.read_only:
                self.visit(number, item, (*path, key), owner)
        for key in fact.required:
            if value.get(key) is None:
                self.report(path, f"the required property '{key}' is missing")

    def _unknown(self, fact: Record, key: str, item: Json, path: Path, owner: Path) -> None:
        if fact.name in JUDGED_BY_RULE:
            return
        if key in WRITTEN_BY_TOOLS.get(fact.name, ()):
            return
        if key in EMPTY_IN_FILES.get(fact.name, ()):
            if not is_inert(item):
                self.report((*path, key), f"'{key}' is not executed by the local Data Factory: remove it")
            return
        if fact.further is None:
            hint = nearest(key, fact.properties)
            self.report((*path, key), f"unknown property '{key}'" + (f": {hint}" if hint else ""))
            return
        slip = _slip(key, fact)
        if slip is not None:
            self.report((*path, key), f"unknown property '{key}': did you mean '{slip}'?")
        elif item is not None and not fact.properties:
            self.visit(fact.further, item, (*path, key), owner)

    def _expression(self, value: Mapping[str, Json], path: Path, owner: Path) -> None:
        if value.get("type") != "Expression" or not isinstance(value.get("value"), str):
            self.report(path, f"must be an expression object, {EXPRESSION_FORM}")
            return
        self._site(value["value"], (*path, "value"), owner)

    def _declaration(self, kinds: tuple[str, ...], value: Mapping[str, Json], path: Path) -> None:
        kind = value.get("type")
        if kind is None:
            self.report(path, "the required property 'type' is missing")
        elif not isinstance(kind, str) or kind.lower() not in kinds:
            self.report((*path, "type"), f"must be {_one_of(kinds)}, but is {_shown(kind)}")

    def _family(self, fact: Family, value: Json, path: Path, owner: Path) -> None:
        if not isinstance(value, dict):
            self._wrong(path, "an object", value)
            return
        kind = value.get(fact.discriminator)
        if kind is None:
            self.report(path, f"the required property '{fact.discriminator}' is missing")
            return
        member = fact.members.get(kind) if isinstance(kind, str) else None
        if member is None:
            hint = nearest(kind, fact.members) if isinstance(kind, str) else None
            words = f"unknown {_FAMILIES.get(fact.name, fact.name)} type {_shown(kind)}"
            self.report((*path, fact.discriminator), words + (f": {hint}" if hint else ""))
            return
        inner = path if fact.name == "Activity" else owner
        verdict = self._gate(fact.name, kind, value)
        if verdict.problem is not None:
            self.report((*path, fact.discriminator), verdict.problem)
        if verdict.enter:
            self._members(member, value, path, inner)
        else:
            self._outside(fact, value, path, inner)

    def _outside(self, fact: Family, value: Mapping[str, Json], path: Path, owner: Path) -> None:
        """What all members have, for one that is not looked into."""
        for key, number in fact.common.properties.items():
            if value.get(key) is not None:
                self.visit(number, value[key], (*path, key), owner)
        for key in fact.common.required:
            if value.get(key) is None:
                self.report(path, f"the required property '{key}' is missing")


_FAMILIES = {
    "Activity": "activity",
    "CopySink": "copy sink",
    "CopySource": "copy source",
    "Dataset": "dataset",
    "LinkedService": "linked service",
    "Trigger": "trigger",
}
_ARTICLES = {
    "array": "an array",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "object": "an object",
    "secret": "a string, a SecureString, an AzureKeyVaultSecret",
    "string": "a string",
}
_LITERAL_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "secret": (str,),
    "string": (str, int, float, bool),
}


def _is_boolean(text: str) -> bool:
    return text.lower() in ("true", "false")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _whole_number(value: Json) -> int | None:
    """An integer, also one that is written as a text; None: it is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None


# Kinds that a text must be readable as; real files hold numbers and booleans as texts.
_NOT_TEXT: dict[str, Callable[[str], bool]] = {
    "array": lambda text: False,
    "boolean": _is_boolean,
    "integer": lambda text: _whole_number(text) is not None,
    "number": _is_number,
    "object": lambda text: False,
}


def _bare_hint(fact: Record, value: Json) -> str:
    if fact.name == "Expression" and isinstance(value, str):
        return f": write {EXPRESSION_FORM}"
    return ""


def _one_of(values: tuple[str, ...]) -> str:
    return f"'{values[0]}'" if len(values) == 1 else f"one of {', '.join(values)}"


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _shown(value: Json) -> str:
    return f"'{_cut(value)}'" if isinstance(value, str) else str(type_of(value))


def _slip(key: str, fact: Record) -> str | None:
    import difflib  # only an unknown property needs it

    folded = {item.lower(): item for item in fact.properties}
    close = difflib.get_close_matches(key.lower(), folded, n=1, cutoff=SLIP)
    return folded[close[0]] if close else None

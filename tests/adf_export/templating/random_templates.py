"""Makes random templates, typed so that most of them render: expressions over the names of the tests' DAG."""

import random

TEXT, INT, BOOL, LIST, MOMENT, FLOAT, MAYBE = "text", "int", "bool", "list", "moment", "float", "maybe"
# type -> forms; {text} and the like stand for an expression of that type.
FORMS: dict[str, tuple[str, ...]] = {
    TEXT: (
        "params.text",
        "ds",
        "ds_nodash",
        "ts",
        "run_id",
        "params.mode",
        "'a'",
        "''",
        "'Prod'",
        "var.value.root",
        "({text} ~ {text})",
        "({text} + '-')",
        "({text} | upper)",
        "{text}.lower()",
        "({text} if {bool} else {text})",
        "({maybe} or {text})",
        "{text}.replace('a', 'bc')",
        "({moment} | ds)",
        "{moment}.strftime('%Y/%-m/%d %H:%M')",
        "({text} ~ {int})",
        "({text} ~ {bool})",
        "({maybe} ~ '')",
        "{text}[:3]",
        "{text}[1:]",
        "{text}[-2:]",
        "(params.words | join('+'))",
        "({text} and {text})",
        "({moment} | ts_nodash)",
        "({maybe} | default('d', true))",
        "macros.ds_add(ds, {small})",
        "({text} | trim)",
        "({int} | string)",
        "({text} | e)",
        "({text} | urlencode)",
        "({text} | capitalize)",
        "'%s:%s' % ({text}, {int})",
        "({moment} ~ '')",
        "({text} or {int}) ~ ''",
        "({float} ~ '')",
        "{{'fast': {text}, 'slow': 'S', 'off': {text}}}[params.mode]",
        "({moment}.date() ~ '')",
    ),
    INT: (
        "params.whole",
        "3",
        "0",
        "-2",
        "({int} + {int})",
        "({int} - {int})",
        "({int} * {small})",
        "({int} // {nonzero})",
        "({int} % {nonzero})",
        "({text} | length)",
        "(params.words | length)",
        "{moment}.year",
        "{moment}.hour",
        "{moment}.weekday()",
        "({int} if {bool} else {int})",
        "({int} or {int})",
        "({int} and {int})",
        "(-{int})",
        "({bool} | int)",
        "({int} | abs)",
        "({float} | int)",
        "(params.count or {int})",
    ),
    FLOAT: ("({int} / {nonzero})", "({int} | float)", "({float} + {int})", "({float} * {small})"),
    BOOL: (
        "params.flag",
        "({int} > {int})",
        "({int} == {int})",
        "({text} == {text})",
        "({text} != {text})",
        "(not {bool})",
        "({bool} and {bool})",
        "({bool} or {bool})",
        "({text} in {text})",
        "({maybe} is none)",
        "({text} in ['a', 'prod'])",
        "({int} in [1, 3, {int}])",
        "{text}.startswith({text})",
        "{text}.endswith('a')",
        "({moment} < {moment})",
        "({moment} == {moment})",
        "({int} is even)",
        "({maybe} == {text})",
        "({bool} == {bool})",
        "({int} == {bool})",
        "({int} <= {float})",
        "(not {text})",
        "(not {list})",
        "({text} in params.words)",
        "({text} is string)",
    ),
    LIST: ("params.words", "[]", "['x', {text}]", "({list} if {bool} else {list})"),
    MOMENT: (
        "logical_date",
        "data_interval_start",
        "data_interval_end",
        "dag_run.run_after",
        "({moment} + macros.timedelta(days={small}))",
        "({moment} - macros.timedelta(hours=5))",
        "logical_date.add(months={small})",
        "logical_date.start_of('month')",
        "data_interval_start.subtract(days=1)",
        "({moment} if {bool} else {moment})",
        "logical_date.end_of('day')",
    ),
    MAYBE: ("params.maybe", "none", "({maybe} or {maybe})", "({maybe} and {text})", "({text} if {bool} else none)"),
    "small": ("0", "1", "-3", "12"),
    "nonzero": ("2", "7", "-3", "10"),
}
BLOCKS = (
    "{{% if {bool} %}}{body}{{% else %}}{body}{{% endif %}}",
    "{{% if {text} %}}{body}{{% elif {int} %}}{body}{{% endif %}}",
    "{{% set v = {text} %}}{{{{ v }}}}{{{{ v | length }}}}",
    "{{% for i in range(3) %}}{{{{ i }}}}{body}{{% endfor %}}",
    "{{% filter lower %}}{body}{{% endfilter %}}",
)


def expression(chance: random.Random, kind: str, depth: int) -> str:
    """A random expression of a kind."""
    forms = [form for form in FORMS[kind] if depth > 0 or "{" not in form.replace("{{", "")] or list(FORMS[kind])
    return _filled(chance, chance.choice(forms), depth)


def _filled(chance: random.Random, form: str, depth: int) -> str:
    holes = {kind: _Each(chance, kind, depth - 1) for kind in FORMS}
    return form.format(**holes, body=_Body(chance, depth - 1))


class _Each:
    """A new expression at each place of a form."""

    def __init__(self, chance: random.Random, kind: str, depth: int) -> None:
        self._chance, self._kind, self._depth = chance, kind, depth

    def __format__(self, _: str) -> str:
        return expression(self._chance, self._kind, self._depth)


class _Body(_Each):
    def __init__(self, chance: random.Random, depth: int) -> None:
        super().__init__(chance, TEXT, depth)

    def __format__(self, _: str) -> str:
        return template(self._chance, min(self._depth, 1))


def template(chance: random.Random, depth: int) -> str:
    """A random template."""
    pieces = []
    for _ in range(chance.randrange(1, 4)):
        way = chance.random()
        if way < 0.3:
            pieces.append(chance.choice(("a-", "/", "it's ", "@", "@{ ", "x=")))
        elif way < 0.5 and depth > 0:
            pieces.append(_filled(chance, chance.choice(BLOCKS), depth))
        else:
            pieces.append(
                "{{ " + expression(chance, chance.choice((TEXT, TEXT, INT, BOOL, MOMENT, MAYBE, FLOAT)), depth) + " }}"
            )
    return "".join(pieces)

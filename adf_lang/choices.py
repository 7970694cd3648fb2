"""Where Microsoft's page and Microsoft's engine differ: one switch each, all in this table.

The page is "Expressions and functions in Azure Data Factory"; the engine is the evaluator in the package
data-factory-testing-framework 1.4.4, measured. Every default follows the engine, which the service is built on, but
for zone names: both kinds are taken. Plain slips of the page (typing errors in date texts, `dayOfWeek` of a Thursday
given as 3) have no switch.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """One reading of the language; pass it to `Scope`."""

    # equals(true, 1): the page says true, the engine false.
    boolean_equals_number: bool = False
    # binary(), base64ToBinary(), dataUriToBinary(), uriComponentToBinary(): the page shows a string of 0 and 1, the
    # engine gives {"$content-type", "$content"}.
    binary_as_digits: bool = False
    # convertFromUtc('2018-01-01T08:00:00Z', ...): the page shows the local time with a Z behind it, the engine without.
    local_time_with_z: bool = False
    # Formats t T g G f F U print '12:00PM' on the engine (Unicode's locale data on Linux) and '12:00 PM' on the service
    # (Windows data).
    blank_before_am_pm: bool = False
    # convertFromUtc(..., 'Europe/Berlin'): the page lists Windows zone ids only, the engine takes IANA names.
    iana_zone_names: bool = True


DEFAULT = Choices()


def describe() -> tuple[tuple[str, bool], ...]:
    """Name and default of each switch, in order."""
    return tuple((item.name, getattr(DEFAULT, item.name)) for item in fields(Choices))

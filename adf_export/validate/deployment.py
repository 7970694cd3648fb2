"""Limits of ARM that a deployment of a factory exceeds; Bicep becomes an ARM template, and has the same."""

from typing import Final

from adf_export.backends.arm import TEMPLATE_FILE, arm_files
from adf_export.backends.template import template
from adf_export.codes import LIMIT_EXCEEDED
from adf_export.diagnostics import Diagnostic, diagnostic
from adf_export.ir.factory import Factory
from adf_export.validate.limits import TEMPLATE_BYTES, TEMPLATE_PARAMETERS, TEMPLATE_RESOURCES, Limit

_HINT: Final = "export fewer DAGs into one factory, or use --format git"


def check_deployment(factory: Factory) -> tuple[Diagnostic, ...]:
    """All that are exceeded."""
    built = template(factory)
    counts: tuple[tuple[Limit, int], ...] = (
        (TEMPLATE_BYTES, len(arm_files(factory)[TEMPLATE_FILE].encode())),
        (TEMPLATE_RESOURCES, len(built.resources)),
        (TEMPLATE_PARAMETERS, len(built.parameters)),
    )
    return tuple(
        diagnostic(LIMIT_EXCEEDED, limit.words(count), hint=_HINT) for limit, count in counts if limit.exceeded(count)
    )

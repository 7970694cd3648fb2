"""Lowers one template: to a text with expressions in it, or in native rendering to a value of its own type."""

from adf_export.codes import TEMPLATE_NOT_EXPRESSIBLE
from adf_export.ir.factory import Json
from adf_export.ir.values import Template
from adf_export.templating.jinja import Renderer, parse
from adf_export.templating.lowering import Lowering
from adf_export.templating.native import native
from adf_export.templating.results import as_json
from adf_export.templating.scope import Scope
from adf_export.templating.texts import joined


def lower_template(template: Template, scope: Scope) -> Json:
    """A template as it stands in a document.

    Raises:
        Refusal: it is no template, or has no equal expression.
    """
    lowering = Lowering(
        scope=scope,
        text=template.text,
        noun="template",
        code=TEMPLATE_NOT_EXPRESSIBLE,
        first_line=template.line,
    )
    outputs = Renderer(lowering).outputs(parse(lowering).body)
    combine = native if scope.dag.render_template_as_native_obj else joined
    return as_json(lowering, combine(lowering, outputs))

"""The passes that turn a draft into wired activities, one file each, in the order of PASSES."""

from collections.abc import Callable
from typing import Final

from adf_export.context import Context
from adf_export.ir.unit import Draft

PASSES: Final[tuple[Callable[[Draft, Context], Draft], ...]] = ()

"""Static files under names that carry their hash, compressed; our modules import each other by those names."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

#: Ours only: packages name modules that they do not bring along.
_IMPORTS: Any = getattr(HashedFilesMixin, "_js_module_import_aggregation_patterns")  # noqa: B009 (Django's own, untyped)


class HashedFiles(CompressedManifestStaticFilesStorage):
    """A file that changed has another address, so browsers keep all of them for ever."""

    patterns = (*HashedFilesMixin.patterns, ("js/*.js", _IMPORTS[1]))

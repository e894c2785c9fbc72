"""What is the whole organisation's: people, keys, numbers, jobs. Who sees some creditors only may look, not change."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponseBase

from workbench.access import SAFE, PageRequest, forbidden, may_change

View = Callable[..., HttpResponseBase]


def whole(request: PageRequest) -> bool:
    """Whether the person's rights reach over all creditors."""
    return request.membership.creditor_ids is None


def may_change_all(request: PageRequest) -> bool:
    """Whether buttons for changes of the whole organisation are shown."""
    return whole(request) and may_change(request.membership)


def changes_all(view: View) -> View:
    """Below `page`: a change here is the whole organisation's, and refused to who is limited to some creditors."""

    @wraps(view)
    def guarded(request: PageRequest, *args: Any, **parts: Any) -> HttpResponseBase:
        if request.method not in SAFE and not whole(request):
            return forbidden(request)
        return view(request, *args, **parts)

    return guarded

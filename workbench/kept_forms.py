"""A form that came too late, its session or its token gone: what was typed comes back, to be sent once more.

Only what this site's own page sent is shown again, by the Origin that browsers put on every post: another site must
not be able to lay words before somebody and have them pressed through.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

#: Fields that are never written into a page again.
SECRET = re.compile(r"pass|secret|token|otp|^code$|credential", re.IGNORECASE)
#: Characters that are kept; a file, or more than anybody types, is chosen again.
KEPT_MAX = 200_000
#: From this length on a value is something that somebody wrote, and is shown.
WORDS = 12


def kept_form(request: HttpRequest, *, status: int) -> HttpResponse | None:
    """The page that gives a late form back, or None where there is nothing to give back."""
    if request.method != "POST" or urlsplit(request.headers.get("Origin", "")).netloc != request.get_host():
        return None
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    kept = [(name, value) for name, value in fields if not SECRET.search(name)]
    secret = len([name for name, _ in fields if name != "csrfmiddlewaretoken"]) - len(kept)
    if not kept or secret or sum(len(value) for _, value in kept) > KEPT_MAX:
        return None
    shown = {
        "action": request.get_full_path(),
        "fields": kept,
        "written": [value for _, value in kept if len(value) >= WORDS and " " in value.strip()],
        "files": sorted(request.FILES),
        "logged_in": request.user.is_authenticated,
    }
    return render(request, "kept_form.html", shown, status=status)

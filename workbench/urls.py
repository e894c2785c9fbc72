"""Pages of one organisation, under /o/<slug>/. A package of pages adds one line."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from workbench.debtors.views import search_all
from workbench.home.views import home
from workbench.live import stream

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("live", stream, name="live"),
    path("setup/", include("workbench.setup.urls")),
    path("inbox/", include("workbench.inbox.urls")),
    path("attachments/", include("workbench.attachments.urls")),
    path("debtors/", include("workbench.debtors.urls")),
    path("search/", search_all, name="search"),
    path("clock/", include("workbench.clock.urls")),
    path("rules/", include("workbench.rules.urls")),
    path("", include("workbench.supervisor.urls")),
    path("", include("workbench.decisions.urls")),
    path("evidence/", include("workbench.evidence.urls")),
    path("review/", include("workbench.review.urls")),
    path("privacy/", include("workbench.privacy.urls")),
    path("creditors/", include("workbench.creditors.urls")),
    path("sequences/", include("workbench.sequences.urls")),
    path("templates/", include("workbench.message_templates.urls")),
]

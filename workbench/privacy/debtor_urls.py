"""Where a person asks about their data, on their own page: /d/<token>/data/."""

from __future__ import annotations

from django.urls import path

from workbench.privacy import debtor

urlpatterns = [path("<str:token>/data/", debtor.data, name="debtor-data")]

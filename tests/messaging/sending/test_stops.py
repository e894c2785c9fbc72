"""Stop all sending: of an organisation, a creditor or a number, from the next message on; and going on afterwards."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from messaging.models import Number, SendRequest
from portfolio.models import Creditor
from tenants import work
from tests.messaging.cloud import Cloud, person_with_window, reply, states


def run(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("stop_sending", *arguments, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


@pytest.mark.parametrize("what", ["organisation", "creditor", "number"])
def test_what_is_queued_stays_and_goes_on_when_it_may(cloud: Cloud, what: str) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        request = reply(debtor, "Con gusto le ayudo con su factura.", origin=what, now=cloud.now())
        creditor = Creditor.objects.get(pk=debtor.creditor_id)
        number = Number.objects.get(pk=cloud.number_id)
    chosen = {
        "organisation": [],
        "creditor": ["--creditor", creditor.external_id],
        "number": ["--number", number.address],
    }
    stopped = run(cloud.tenant.slug, *chosen[what], "--reason", "una queja")
    assert (stopped["sending"], stopped["reason"], stopped["changed"]) == ("stopped", "una queja", True)
    assert run(cloud.tenant.slug, *chosen[what], "--reason", "otra vez")["changed"] is False
    work.drain(cloud.tenant.pk)
    assert cloud.accepted() == []
    with cloud.scope():
        assert states(request)[0] in ("queued", "waiting")
        held = reply(debtor, "Otra respuesta, para después.", origin=f"{what}-2", now=cloud.now())
        assert (held.state, held.verdict) == ("waiting", "defer")
    assert run(cloud.tenant.slug, *chosen[what], "--reason", "aclarado", "--resume")["sending"] == "running"
    work.drain(cloud.tenant.pk)
    assert len(cloud.accepted()) == 2
    with cloud.scope():
        assert set(SendRequest.objects.values_list("state", flat=True)) == {"sent"}

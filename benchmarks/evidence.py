"""A case of 200 messages as a pack: PDF, JSON with its proofs and the verifier, out of a log that is full of others'.

`evidence` is the whole pack as somebody who clicks waits for it, `evidence-json` and `evidence-pdf` its two large parts,
`evidence-verify` the shipped verifier on a machine without us. The target is 10 s; there is nothing to compare with.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.portfolio import NOON, batches, world
from compliance.evidence import verifier
from compliance.evidence.exports import document_of
from compliance.evidence.packs import files_of, make_pack, zipped
from compliance.ledger.seals import seal_now
from kernel.ids import uuid7
from messaging.channels.base import Accepted
from messaging.channels.whatsapp.receive import Inbound, Status
from messaging.inbound import statuses
from messaging.inbound.arrivals import arrive
from messaging.models import Conversation, Number, Outbound
from messaging.sending.outcomes import accepted
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from portfolio.models import Debtor
from tenants import events
from tenants.scope import tenant_scope

NAME = "evidence"
#: Messages each way in the case; the others' decisions between them, and their part of the log in stretches.
EACH_WAY, OTHERS = 100, 400
ROUNDS = 5


def run() -> list[dict[str, Any]]:
    """Rows {name, value, unit, baseline, ratio, sizes}; seconds, the median of some rounds."""
    tenant, number, _, debtors = world(OTHERS + 1, base_url="http://127.0.0.1:9")
    ours, others = debtors[0], debtors[1:]
    # Each exchange lies in a stretch of its own among those of other people.
    step = max(1, len(others) // 20)
    for place in range(EACH_WAY):
        now = NOON + timedelta(minutes=place)
        with tenant_scope(tenant.pk):
            _exchange(number, ours, place, now)
        if place % 5 == 0:
            for part in batches(others[(place // 5) * step :][:step]):
                with tenant_scope(tenant.pk):
                    _others(part, now)
            while events.sequence():
                pass
            with tenant_scope(tenant.pk):
                seal_now()
    while events.sequence():
        pass
    with tenant_scope(tenant.pk):
        asked: dict[str, Any] = {"debtor_id": ours.pk, "actor": "system:benchmarks"}
        whole = _timed(lambda: make_pack(**asked))
        document = document_of(**asked)
        parts = {
            "evidence-json": _timed(lambda: document_of(**asked)),
            "evidence-pdf": _timed(lambda: files_of(document)),
            "evidence-verify": _verified(zipped(files_of(document), document["exported_at"])),
        }
        sizes = {
            "messages": len(document["messages"]), "records": len(document["records"]), "seals": len(document["seals"]),
            "pages": _pages(files_of(document)["evidence.pdf"]), "rounds": ROUNDS, "target_s": 10,
        }  # fmt: skip
    if len(document["messages"]) != 2 * EACH_WAY:
        raise RuntimeError(f"the case has {len(document['messages'])} messages: this measures something else")
    return [
        {"name": name, "value": value, "unit": "s", "baseline": None, "ratio": None, "sizes": sizes}
        for name, value in {NAME: whole, **parts}.items()
    ]


def _timed(work: Callable[[], Any]) -> float:
    took = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


def _pages(pdf: bytes) -> int:
    return pdf.count(b"/Type /Page\n") or pdf.count(b"/Type /Page ")


def _verified(pack: bytes) -> float:
    """Seconds of the pack's own verifier in an interpreter without our packages."""
    with tempfile.TemporaryDirectory() as folder:
        file, script = Path(folder) / "pack.zip", Path(folder) / "verify.py"
        file.write_bytes(pack)
        script.write_bytes(Path(verifier.__file__).read_bytes())
        return _timed(
            lambda: subprocess.run(
                [sys.executable, "-I", "-S", str(script), str(file)], check=True, capture_output=True, env={}
            )
        )


def _exchange(number: Number, debtor: Debtor, place: int, now: datetime) -> None:
    """The debtor writes, an answer goes out, and the provider reports what became of it."""
    conversation = Conversation.objects.get(person_id=debtor.person_id)
    arrive(Number.objects.get(pk=number.pk), [Inbound(
        phone_number_id=number.provider_id, provider_id=f"wamid.in{uuid7().hex}", wa_id=conversation.address.lstrip("+"),
        user_id="", profile_name="", at=now, kind="text", text=f"Buenas tardes, le pregunto por mi factura número {place}.",
        tapped="", context_id="", media={}, group=False, raw_kind="text",
    )], now=now)  # fmt: skip
    [request] = request_send([_wish(debtor, conversation, place)], now=now)
    if request is None or request.verdict != "allow":
        raise RuntimeError("an answer was not allowed: this measures something else")
    row = Outbound.objects.select_related("request").get(request=request)
    wamid = f"wamid.{uuid7().hex}"
    accepted([(row, Accepted(provider_id=wamid))], now=now)
    statuses.apply([
        Status(phone_number_id=number.provider_id, provider_id=wamid, state=state, at=now + timedelta(seconds=seconds),
               reference="", wa_id="")
        for seconds, state in enumerate(("sent", "delivered", "read"), 1)
    ], now=now)  # fmt: skip


def _others(debtors: Sequence[Debtor], now: datetime) -> None:
    talks = {
        talk.person_id: talk for talk in Conversation.objects.filter(person_id__in=[one.person_id for one in debtors])
    }
    for round_ in range(20):
        request_send([_wish(debtor, talks[debtor.person_id], round_) for debtor in debtors], now=now)


def _wish(debtor: Debtor, conversation: Conversation, place: int) -> Wish:
    text = f"Gracias por escribirnos. Con gusto revisamos su pregunta {place} y le respondemos por aquí mismo, hoy."
    return Wish(
        creditor_id=debtor.creditor_id, debtor_id=debtor.pk, message_class="reply", origin_kind="agent",
        content={"kind": "text", "text": text}, origin_id=uuid7().hex, actor="system:benchmarks",
        conversation_id=conversation.pk,
    )  # fmt: skip

"""What a run did, in figures; the same names on the screen and in the JSON file."""

from __future__ import annotations

import json
import sys
import uuid
from datetime import date, datetime
from typing import Any

from django.db import connection

from collections_platform.headless.checks import judge
from collections_platform.headless.link import Sandbox
from collections_platform.headless.options import START, Options
from collections_platform.headless.source import Source
from collections_platform.headless.world import State
from kernel.money import Money
from portfolio.ageing import bucket, days_overdue
from tenants.scope import tenant_scope

BUCKETS = ("current", "1-30", "31-60", "61-90", "90+")


def make(options: Options, state: State, source: Source, sandbox: Sandbox, *, seconds: float) -> dict[str, Any]:
    """Count everything and judge the run."""
    with tenant_scope(uuid.UUID(state.tenant)):
        decisions = dict(_pairs("SELECT verdict, count(*) FROM compliance_decision GROUP BY verdict"))
        rules = dict(
            _pairs("SELECT rule, count(*) FROM compliance_decision, unnest(rules) AS rule GROUP BY rule ORDER BY rule")
        )
        states = dict(_pairs("SELECT state, count(*) FROM messaging_outbound GROUP BY state"))
        reported = dict(_pairs("SELECT state, count(DISTINCT message_id) FROM messaging_statusreport GROUP BY state"))
        figures = {
            "debtors": _one("SELECT count(*) FROM portfolio_debtor"),
            "invoices": _one("SELECT count(*) FROM portfolio_invoice"),
            "requests": _one("SELECT count(*) FROM messaging_sendrequest"),
            "decisions": {name: decisions.get(name, 0) for name in ("allow", "defer", "deny")},
            "rules": rules,
            "sent": _one("SELECT count(*) FROM messaging_outbound WHERE state = 'accepted'"),
            "delivered": _one(
                "SELECT count(*) FROM messaging_message WHERE delivered_at IS NOT NULL OR read_at IS NOT NULL"
            ),
            "read": reported.get("read", 0),
            "replied": _one("SELECT count(*) FROM messaging_message WHERE direction = 'in'"),
            "debtors_who_replied": _one(
                "SELECT count(DISTINCT debtor_id) FROM messaging_message WHERE direction = 'in'"
            ),
            "failed": reported.get("failed", 0) + states.get("refused", 0),
            "uncertain": states.get("uncertain", 0),
            "promises": dict(_pairs("SELECT state, count(*) FROM portfolio_promise GROUP BY state")),
            "agreements": dict(_pairs("SELECT state, count(*) FROM portfolio_agreement GROUP BY state")),
            "disputes": _one("SELECT count(*) FROM portfolio_dispute"),
            "opted_out": _one("SELECT count(DISTINCT person_id) FROM compliance_stop WHERE kind = 'opted_out'"),
            "recovered": _recovered(),
            "alerts": dict(_pairs("SELECT conduct, count(*) FROM monitoring_alert GROUP BY conduct ORDER BY conduct")),
            "scanned": _one("SELECT count(*) FROM monitoring_scan"),
            "import": _import(),
        }
    judgement = judge(state, sandbox)
    return {
        **figures,
        "checks": judgement.checks,
        "looked_at": judgement.looked,
        "wrong": judgement.wrong,
        "seconds": round(seconds, 1),
        "days": options.days,
        "seed": options.seed,
        "portfolio": source.name,
        "read_with": source.mapping,
        "country": options.country,
        "currency": options.currency,
        "synthetic": "due dates, identities, phones and consent" if source.synthetic else "debtors' behaviour",
        "simulated": True,
    }


def _pairs(statement: str) -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [(str(name), int(count)) for name, count in cursor.fetchall()]


def _one(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


def _recovered() -> dict[str, dict[str, str]]:
    """Money that came in during the run, by currency and by the invoice's age on the day that it was paid."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.currency, i.due_on, e.occurred_at, -e.minor FROM portfolio_entry e JOIN portfolio_invoice i "
            "ON i.id = e.invoice_id AND i.tenant_id = e.tenant_id JOIN portfolio_payment p ON p.id = e.payment_id "
            "AND p.tenant_id = e.tenant_id WHERE e.kind IN ('payment', 'reversal') AND e.import_id IS NULL AND p.kind = 'payment' "
            "AND e.occurred_at >= %s",
            [START],
        )
        rows: list[tuple[str, date, datetime, int]] = cursor.fetchall()
    sums: dict[str, dict[str, int]] = {}
    for currency, due_on, at, minor in rows:
        by_bucket = sums.setdefault(currency, dict.fromkeys(BUCKETS, 0))
        by_bucket[bucket(days_overdue(due_on, at.date()))] += minor
    return {
        currency: {
            **{name: str(Money.from_minor(minor, currency).amount) for name, minor in by_bucket.items()},
            "total": str(Money.from_minor(sum(by_bucket.values()), currency).amount),
        }
        for currency, by_bucket in sums.items()
    }


def _import() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT counts FROM portfolio_import ORDER BY id LIMIT 1")
        row = cursor.fetchone()
    return (json.loads(row[0]) if isinstance(row[0], str) else row[0]) if row else {}


def show(result: dict[str, Any]) -> None:
    """The report as a person reads it."""
    out = [
        "",
        f"{result['portfolio']}: {result['debtors']} debtors, {result['days']} days, seed {result['seed']} (simulated)",
    ]
    decisions = result["decisions"]
    out.append(f"  decisions   allow {decisions['allow']}  defer {decisions['defer']}  deny {decisions['deny']}")
    out.append(
        "  rules       " + (", ".join(f"{rule} {count}" for rule, count in result["rules"].items()) or "none objected")
    )
    out.append(
        f"  messages    sent {result['sent']}  delivered {result['delivered']}  read {result['read']}  replied {result['replied']}  "
        f"failed {result['failed']}  uncertain {result['uncertain']}"
    )
    for currency, buckets in result["recovered"].items():
        parts = "  ".join(f"{name} {amount}" for name, amount in buckets.items())
        out.append(f"  recovered   {currency}  {parts}")
    out.append("  alerts      " + (", ".join(f"{name} {count}" for name, count in result["alerts"].items()) or "none"))
    out.append(f"  promises    {result['promises']}  agreements {result['agreements']}")
    out.append(f"  disputes    {result['disputes']}  opt-outs {result['opted_out']}")
    for name, holds in result["checks"].items():
        out.append(f"  {'ok  ' if holds else 'FAIL'}  {name.replace('_', ' ')}")
        out += [f"          {line}" for line in result["wrong"].get(name, [])[:5]]
    out.append(f"  {result['seconds']} seconds")
    sys.stdout.write("\n".join(out) + "\n")
    sys.stdout.flush()

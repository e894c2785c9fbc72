"""Who the demo's organisations are: what they sell, to whom, who works there. No such firms and people exist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

#: A Wednesday that is no holiday in any of the countries; the Monday after is none either. The written weeks end on
#: it, whatever day it is outside: a world's clock runs from there.
SHOWN_ON, OPENS = date(2026, 11, 25), time(10, 20)
DAYS = 28
#: Played by hand: the first two are asked who they are on the morning of the show, the third is known already.
PLAYERS = 3
PASSWORD = "trato-demo-2026"


@dataclass(frozen=True, slots=True)
class Mandator:
    """A creditor: `external_id` names it in the API, `sold` are the words on its invoices, `share` its debtors'."""

    external_id: str
    share: int
    facts: dict[str, Any]
    sold: tuple[str, ...]
    #: How many of a hundred debtors are companies.
    companies: int = 8
    #: Invoices are this many times the usual size of the country's.
    scale: int = 1


@dataclass(frozen=True, slots=True)
class Story:
    """An organisation."""

    key: str
    slug: str
    name: str
    kind: str
    country: str
    currency: str
    number: str
    zone: ZoneInfo
    seed: int
    debtors: int
    #: Where the people live who are played by hand: their hours and holidays are the organisation's own.
    states: frozenset[str]
    creditors: tuple[Mandator, ...]
    #: (role, mailbox, name); the first of a role is who one enters as.
    people: tuple[tuple[str, str, str], ...]
    #: Of a hundred debtors of one creditor, so many owe to another one too.
    shared: int = 0

    @property
    def shown_at(self) -> datetime:
        """The instant at which the written weeks end: a weekday morning there."""
        return datetime.combine(SHOWN_ON, OPENS, self.zone).astimezone(UTC)

    @property
    def begins_at(self) -> datetime:
        """Eight in the morning, four weeks before."""
        return datetime.combine(SHOWN_ON - timedelta(days=DAYS), time(8), self.zone).astimezone(UTC)

    @property
    def language(self) -> str:
        """The two letters of what its debtors speak."""
        return "pt" if self.country == "BR" else "es"

    def first(self, role: str) -> tuple[str, str]:
        """(e-mail, name) of the first person in a role."""
        _, mailbox, name = next(person for person in self.people if person[0] == role)
        return f"{mailbox}@{self.slug}.example", name


_POLICY = {"max_instalments": 6, "max_grace_days": 15, "min_down_percent": 0, "max_discount_percent": 10}

AURORA = Story(
    key="BR", slug="aurora", name="Rede Escolar Aurora", kind="creditor", country="BR", currency="BRL",
    number="+551150000100", zone=ZoneInfo("America/Sao_Paulo"), seed=17, debtors=560,
    states=frozenset({"SP", "RJ", "MG", "PR", "SC", "RS", "GO", "DF", "ES"}),
    creditors=(
        Mandator(
            "main", 100,
            {"name": "Rede Escolar Aurora", "legal_name": "Aurora Educação Ltda.", "tax_id": "11444777000161",
             "address": "Rua das Acácias, 120, São Paulo, SP", "contact": "financeiro@aurora.example, (11) 4000-0100",
             "pay_to": {"pix": {"key": "financeiro@aurora.example", "name": "REDE AURORA", "city": "SAO PAULO"}},
             "policy": _POLICY},
            ("Mensalidade · Ensino Fundamental", "Mensalidade · Ensino Médio", "Mensalidade · Educação Infantil",
             "Material didático", "Transporte escolar", "Período integral"),
            companies=2,
        ),
    ),
    people=(
        ("agent", "agent", "Marina Duarte"), ("agent", "bruno.tavares", "Bruno Tavares"),
        ("agent", "leticia.amaral", "Letícia Amaral"), ("supervisor", "supervisor", "Otávio Peixoto"),
        ("admin", "admin", "Helena Prado"), ("admin", "vinicius.torres", "Vinícius Torres"),
        ("auditor", "auditor", "Caio Nunes"),
    ),
)  # fmt: skip

CUMBRE = Story(
    key="MX", slug="cumbre", name="Distribuidora Médica Cumbre", kind="creditor", country="MX", currency="MXN",
    number="+528150000200", zone=ZoneInfo("America/Mexico_City"), seed=23, debtors=520,
    states=frozenset({"CMX", "JAL", "NLE", "GUA", "QUE", "PUE", "VER", "OAX"}),
    creditors=(
        Mandator(
            "main", 100,
            {"name": "Distribuidora Médica Cumbre", "legal_name": "Distribuidora Médica Cumbre, S.A. de C.V.",
             "tax_id": "DMC010101AB0", "address": "Av. Cumbres 450, Monterrey, N.L.",
             "contact": "cobranza@cumbre.example, 81 5000 0200",
             "pay_to": {"clabe": {"bank": "012", "plaza": "180", "prefix": "77",
                                  "holder": "Distribuidora Médica Cumbre"}},
             "policy": _POLICY},
            ("Material de curación", "Guantes y cubrebocas", "Reactivos de laboratorio", "Soluciones intravenosas",
             "Equipo de diagnóstico", "Suturas y jeringas"),
            companies=84, scale=1,
        ),
    ),
    people=(
        ("agent", "agent", "Ximena Ortega"), ("agent", "hector.zavala", "Héctor Zavala"),
        ("agent", "fernanda.luna", "Fernanda Luna"), ("supervisor", "supervisor", "Raúl Cárdenas"),
        ("admin", "admin", "Jimena Robles"), ("admin", "alondra.mena", "Alondra Mena"),
        ("auditor", "auditor", "Íñigo Salas"),
    ),
)  # fmt: skip

ANDINA = Story(
    key="CO", slug="andina", name="Andina Cobranzas", kind="agency", country="CO", currency="COP",
    number="+576015000300", zone=ZoneInfo("America/Bogota"), seed=31, debtors=540,
    states=frozenset({"DC", "ANT", "VAC", "CUN", "SAN", "ATL", "BOL", "RIS", "NSA", "CAL", "TOL", "HUI", "MET", "BOY"}),
    creditors=(
        Mandator(
            "surtihogar", 40,
            {"name": "Almacenes Surtihogar", "legal_name": "Almacenes Surtihogar S.A.S.", "tax_id": "900373115",
             "address": "Calle 93 # 11-20, Bogotá", "contact": "cartera@surtihogar.example, 601 500 0300",
             "pay_to": {"account": {"rail": "bre_b", "value": "@surtihogar", "holder": "Almacenes Surtihogar S.A.S."}},
             "policy": _POLICY},
            ("Cuota de nevera", "Cuota de televisor", "Cuota de muebles", "Cuota de lavadora"),
        ),
        Mandator(
            "cooprogreso", 35,
            {"name": "Cooperativa Cooprogreso", "legal_name": "Cooperativa Multiactiva Cooprogreso",
             "tax_id": "890903938", "address": "Carrera 43A # 1-50, Medellín",
             "contact": "cartera@cooprogreso.example, 604 500 0310",
             "pay_to": {"account": {"rail": "bre_b", "value": "@cooprogreso", "holder": "Cooperativa Cooprogreso"}},
             "policy": {**_POLICY, "max_instalments": 12}},
            ("Cuota de libre inversión", "Cuota de crédito educativo", "Cuota de crédito de vivienda"),
        ),
        Mandator(
            "fibrasur", 25,
            {"name": "Fibrasur Telecom", "legal_name": "Fibrasur Telecomunicaciones S.A.S.", "tax_id": "800197268",
             "address": "Av. 6 Norte # 17-92, Cali", "contact": "pagos@fibrasur.example, 602 500 0320",
             "pay_to": {"account": {"rail": "bre_b", "value": "@fibrasur", "holder": "Fibrasur Telecomunicaciones"}},
             "policy": {**_POLICY, "max_instalments": 3}},
            ("Fibra hogar 300 megas", "Fibra y televisión", "Plan empresarial"),
        ),
    ),
    people=(
        ("agent", "agent", "Valeria Rincón"), ("agent", "camilo.herrera", "Camilo Herrera"),
        ("agent", "paola.sarmiento", "Paola Sarmiento"), ("supervisor", "supervisor", "Gustavo Mejía"),
        ("admin", "admin", "Adriana Cuéllar"), ("admin", "felipe.ordonez", "Felipe Ordóñez"),
        ("auditor", "auditor", "Tomás Arango"),
    ),
    shared=12,
)  # fmt: skip

STORIES = {story.key: story for story in (AURORA, CUMBRE, ANDINA)}

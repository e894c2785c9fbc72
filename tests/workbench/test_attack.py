"""Attacks over every address of the pages: strangers, wrong roles, other organisations' and other creditors' rows.

The addresses are read from the URLconf, so a new one is attacked from its first day; one whose parts or roles are not
listed here fails.
"""

from __future__ import annotations

import inspect
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from compliance.models import RuleRelaxation
from kernel.ids import uuid7
from messaging.models import MessageTemplate, Number, Outbound, QuickReply, Sequence
from portfolio.imports.wizard import begin
from tenants import uploads
from tenants.models import ApiKey, InboundRoute, Invitation, Membership, RawInbound, Tenant, Upload, User
from tenants.scope import tenant_scope
from tests.attack.worlds import Estate, Organisation, make_organisation, photograph
from tests.factories import NOON, make_key, make_user
from workbench import urls
from workbench.access import READERS, Role

SLUG = "organisation"
WORKERS = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN})
EVERYBODY = frozenset(Role)
ADMINS = frozenset({Role.ADMIN})
LOOKS = frozenset({Role.ADMIN, Role.AUDITOR})
LEADERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
OVERSEERS = LEADERS | {Role.AUDITOR}
INSIDE = WORKERS | {Role.AUDITOR}

#: Who may open an address at all: by its name, or by a beginning that ends in "-".
DOORS: dict[str, frozenset[str]] = {
    "home": EVERYBODY, "live": EVERYBODY, "search": EVERYBODY,
    "clock": EVERYBODY, "clock-": WORKERS,
    "inbox": INSIDE, "inbox-next": INSIDE, "conversation": INSIDE, "conversation-": WORKERS,
    "conversation-thread": INSIDE, "conversation-panel": INSIDE, "conversation-standing": INSIDE, "attachment": INSIDE,
    "debtors": EVERYBODY, "contactable": EVERYBODY, "debtor": EVERYBODY, "debtor-panel": EVERYBODY, "debtor-": WORKERS,
    "contactable-ask": LEADERS, "debtor-document": LEADERS, "debtor-dispute-close": LEADERS, "debtor-stop-lift": LEADERS,
    "supervisor": OVERSEERS | {Role.CREDITOR}, "supervisor-": OVERSEERS | {Role.CREDITOR}, "supervisor-verify": LEADERS,
    "reports": OVERSEERS | {Role.CREDITOR},
    "decisions": OVERSEERS | {Role.CREDITOR}, "decision": EVERYBODY, "evidence": OVERSEERS | {Role.CREDITOR},
    "evidence-": OVERSEERS | {Role.CREDITOR},
    "review": OVERSEERS, "review-": OVERSEERS, "alert": OVERSEERS, "alert-": LEADERS,
    "rules": EVERYBODY, "rules-calendar": EVERYBODY, "rule": EVERYBODY, "rules-own": OVERSEERS, "rules-moment": INSIDE,
    "rules-": OVERSEERS, "rules-relax-decide": ADMINS,
    "creditors": OVERSEERS, "creditor": OVERSEERS, "creditor-new": OVERSEERS, "creditor-consent": OVERSEERS,
    "creditor-consent-qr": OVERSEERS, "creditor-clause": OVERSEERS,
    "sequences": OVERSEERS, "sequence": OVERSEERS, "sequence-new": OVERSEERS, "sequence-edit": OVERSEERS,
    "sequence-rehearsal": OVERSEERS, "sequence-": ADMINS,
    "templates": OVERSEERS, "template": OVERSEERS, "template-new": OVERSEERS, "template-": ADMINS, "templates-look": ADMINS,
    "setup": LOOKS, "organisation": LOOKS, "sending": LOOKS | {Role.SUPERVISOR}, "sending-change": LEADERS,
    "people": LOOKS, "people-invite": ADMINS, "person": LOOKS, "person-let": ADMINS, "invitation-change": ADMINS,
    "numbers": OVERSEERS, "number": OVERSEERS, "number-check": LEADERS, "number-": ADMINS,
    "imports": OVERSEERS, "import": OVERSEERS, "import-rejected": OVERSEERS, "import-": ADMINS,
    "quick-replies": OVERSEERS, "quick-reply": OVERSEERS, "quick-reply-": LEADERS,
    "keys": LOOKS, "key-": ADMINS,
    "operations": LOOKS, "job-change": ADMINS, "inbound-body": LOOKS, "uncertain": LOOKS, "uncertain-settle": LEADERS,
    "audit": LOOKS,
    "privacy": OVERSEERS, "privacy-period": ADMINS, "privacy-holds": OVERSEERS, "privacy-hold-lift": LEADERS,
    "privacy-requests": OVERSEERS, "privacy-request": OVERSEERS, "privacy-request-new": LEADERS,
    "privacy-request-act": LEADERS, "privacy-certificate": OVERSEERS, "privacy-export": LEADERS,
}  # fmt: skip
#: What readers may post: a question that changes nothing.
QUESTIONS = {"evidence-take", "evidence-verify"}
#: Looks of pages that anybody inside may ask for, with nothing in them that is somebody's.
ENDLESS = {"live"}


@dataclass(frozen=True)
class Address:
    """One address: its name, the parts between its slashes, and the view behind it."""

    name: str
    parts: tuple[str, ...]
    view: Callable[..., Any]

    def at(self, slug: str, values: dict[str, Any]) -> str:
        return reverse(self.name, kwargs={SLUG: slug} | {part: values[part] for part in self.parts})


def walk(patterns: Iterable[URLPattern | URLResolver], parts: tuple[str, ...] = ()) -> Iterator[Address]:
    for each in patterns:
        here = (*parts, *each.pattern.converters)
        if isinstance(each, URLResolver):
            yield from walk(each.url_patterns, here)
        else:
            assert each.name, f"an address without a name: {each.pattern}"
            yield Address(each.name, here, each.callback)


ADDRESSES = sorted(walk(urls.urlpatterns), key=lambda each: each.name)
NAMED = pytest.mark.parametrize("address", ADDRESSES, ids=lambda each: each.name)


def door_of(view: Callable[..., Any]) -> dict[str, Any]:
    """What the access decorator was told; {} for a view without one."""
    found = inspect.getclosurevars(view).nonlocals
    return dict(found) if "view" in found and inspect.unwrap(view) is not view else {}


def roles_of(address: Address) -> frozenset[str]:
    known = door_of(address.view)
    return frozenset(known.get("allowed", EVERYBODY))


@dataclass
class House:
    """An organisation under attack: rows of every kind in two creditors, and people in every role."""

    world: Organisation
    people: dict[Role, User]
    limited: dict[Role, User]  # only the first creditor is theirs
    parts: dict[str, dict[str, Any]]  # by estate: what stands between the slashes
    words: dict[str, set[str]] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.world.tenant.slug

    def values(self, address: Address, estate: str = "theirs") -> dict[str, Any]:
        known = self.parts[estate]
        found = {}
        for part in address.parts:
            key = f"{address.name} {part}"
            if key not in known:
                key = next(
                    (
                        one
                        for one in known
                        if address.name.startswith(one.partition(" ")[0]) and one.endswith(f" {part}")
                    ),
                    part,
                )
            assert key in known, f"say in test_attack.py what <{part}> of {address.name} may be"
            found[part] = known[key]
        return found


def make_house(country: str) -> House:
    world = make_organisation(country)
    tenant = world.tenant
    people = {
        role: make_user(tenant, role=role, creditor_ids=[world.ours.creditor.id] if role == Role.CREDITOR else None)
        for role in Role
    }
    limited = {role: make_user(tenant, role=role, creditor_ids=[world.ours.creditor.id]) for role in Role}
    make_key(tenant)
    invited = Invitation.objects.create(
        tenant=tenant, email=f"{uuid7().hex}@mail.example", role="agent", language="es", token_hash=uuid7().hex,
        invited_by=people[Role.ADMIN], created_at=NOON, expires_at=NOON,
    )  # fmt: skip
    route = InboundRoute.objects.create(tenant=tenant, kind="whatsapp", key=uuid7().hex)
    raw = RawInbound.objects.create(
        route=route, tenant_id=tenant.pk, received_at=NOON, sha256="0" * 64, body=world.theirs.mark.encode()
    )
    parts = {}
    for name, estate in (("ours", world.ours), ("theirs", world.theirs)):
        upload = looked_at(tenant, estate)
        with tenant_scope(tenant.pk):
            parts[name] = parts_of(tenant, estate, people, invited, raw, upload)
    words = {"ours": world.ours.words(), "theirs": world.theirs.words()}
    return House(world, people, limited, parts, words)


def looked_at(tenant: Tenant, estate: Estate) -> Upload:
    """A file of this creditor in the wizard's second step."""
    file = f"debtor_id,name,amount\n1,{estate.mark},10.00\n".encode()
    upload = uploads.receive(
        [file], tenant_id=tenant.pk, creditor_id=estate.creditor.pk, creditor_ids=None, name=f"{estate.mark}.csv",
        author="x",
    )  # fmt: skip
    with tenant_scope(tenant.pk):
        return begin(upload, estate.creditor, language="en")


def parts_of(
    tenant: Tenant, estate: Estate, people: Mapping[Role, User], invited: Invitation, raw: RawInbound, upload: Upload
) -> dict[str, Any]:
    creditor = estate.creditor
    first = {name: sorted(values)[0] for name, values in estate.ids.items()}
    return {
        "conversation_id": estate.rows["conversation"].pk, "debtor_id": estate.rows["debtor"].pk,
        "decision_id": estate.rows["decision"].pk, "alert_id": next(iter(estate.ids["alert"])),
        "attachment_id": estate.rows["attachment"].pk, "creditor_id": creditor.pk,
        "clause_id": first["clause"], "template_id": MessageTemplate.objects.get().pk,
        "sequence_id": Sequence.objects.get(creditor_id=creditor.pk).pk, "code": "no-such-rule",
        "supervisor-list name": "waiting", "alert-act action": "violation",
        "person pk": people[Role.AGENT].pk, "person-let action": "deactivate",
        "invitation-change pk": invited.pk, "invitation-change action": "revoke",
        "number pk": Number.objects.get().pk, "import pk": first["import"],
        **{f"import-{step} pk": upload.pk for step in ("columns", "check", "take", "give-up")},
        "key pk": ApiKey.objects.filter(tenant=tenant).first().pk,  # type: ignore[union-attr]
        **dict.fromkeys(("quick-reply pk", "quick-reply-archive pk", "quick-reply-restore pk"), answer_of(creditor.pk).pk),
        "job-change pk": 1, "job-change action": "retry", "inbound-body pk": raw.pk,
        "uncertain-settle pk": Outbound.objects.get(creditor_id=creditor.pk).pk,
        "trial_id": estate.rows["trial"].pk, "proposal_id": RuleRelaxation.objects.order_by("id")[0].pk,
        "hold_id": first["hold"], "request_id": first["data_request"], "privacy-request-act action": "assign",
        "sending-change kind": "creditor", "sending-change pk": creditor.pk,
    }  # fmt: skip


def answer_of(creditor_id: uuid.UUID) -> QuickReply:
    """A prepared answer of this creditor's."""
    return QuickReply.objects.get_or_create(
        creditor_id=creditor_id, language="es", shortcut="pago",
        defaults={"title": "Pago", "text": f"Gracias, {creditor_id.hex}", "created_at": NOON},
    )[0]  # fmt: skip


@pytest.fixture(scope="module")
def house(django_db_blocker: Any) -> House:
    with django_db_blocker.unblock():
        return make_house("BR")


@pytest.fixture(scope="module")
def victim(django_db_blocker: Any) -> House:
    with django_db_blocker.unblock():
        return make_house("MX")


def outside(tenant: Tenant) -> list[Any]:
    """What stands outside of the tenant's wall about it."""
    models: tuple[Any, ...] = (Membership, Invitation, ApiKey, InboundRoute)
    rows: list[Any] = [sorted(map(repr, model.objects.filter(tenant=tenant).values_list())) for model in models]
    return [*rows, Tenant.objects.filter(pk=tenant.pk).values_list().get()]


def as_person(user: User | None) -> Client:
    """Somebody's browser, logged in once."""
    client = Client(raise_request_exception=False)
    if user is not None:
        if user.pk not in ENTERED:
            client.force_login(user)
            ENTERED[user.pk] = client.cookies[settings.SESSION_COOKIE_NAME].value
        client.cookies[settings.SESSION_COOKIE_NAME] = ENTERED[user.pk]
    return client


#: The session of everybody who has logged in.
ENTERED: dict[uuid.UUID, str] = {}


def says(response: Any) -> str:
    return "" if response.streaming else response.content.decode(errors="replace")


WHOLE: dict[str, str] = {}
PART = {"HX-Request": "true"}


def both(client: Client, url: str) -> list[tuple[str, Any]]:
    """Ask and post, as a page and as a part of one."""
    return [*crossed(client, url, 0), *crossed(client, url, 1)]


def crossed(client: Client, url: str, turn: int) -> list[tuple[str, Any]]:
    """Ask as a page and post as a part of one, or in the next turn the other way round."""
    asked, posted = (WHOLE, PART)[:: -1 if turn % 2 else 1]
    return [
        ("GET part" if asked else "GET", client.get(url, headers=asked)),
        ("POST part" if posted else "POST", client.post(url, headers=posted)),
    ]


def in_turn(address: Address, roles: Iterable[str]) -> Iterator[tuple[int, Role]]:
    """The roles, numbered from another beginning at the next address."""
    yield from enumerate(map(Role, sorted(roles)), start=ADDRESSES.index(address))


# -- the doors ---------------------------------------------------------------------------------------------------------


@NAMED
def test_every_address_has_a_door_for_the_roles_that_it_should(address):
    known = door_of(address.view)
    assert known, f"{address.name} is not decorated by workbench.access"
    beginning = max(
        (each for each in DOORS if each.endswith("-") and address.name.startswith(each)), key=len, default=""
    )
    expected = DOORS.get(address.name) or DOORS.get(beginning)
    assert expected is not None, f"say in test_attack.py who may open {address.name}"
    assert sorted(roles_of(address)) == sorted(expected)
    assert known.get("changes", True) is (address.name not in QUESTIONS), "who only reads posts questions, nothing else"


@NAMED
def test_strangers_are_not_told_that_it_exists(address, house, victim):
    url = address.at(victim.slug, victim.values(address))
    for how, response in both(as_person(house.people[Role.ADMIN]), url):
        assert response.status_code == 404, how
        assert not [word for word in victim.words["theirs"] if word in says(response)]


@NAMED
def test_nobody_gets_in_without_logging_in(address, victim):
    url = address.at(victim.slug, victim.values(address))
    page = 204 if address.name == "live" else 302  # a stream leads nowhere: it ends without a word
    for how, response in both(as_person(None), url):
        assert response.status_code == (401 if "part" in how and page == 302 else page), how
        assert not response.content or page == 302
        if response.status_code == 302:
            assert response["Location"].startswith("/accounts/login/")
    unknown = address.at("no-such-organisation", victim.values(address))
    assert as_person(None).get(unknown).status_code == page, "whether an organisation exists is not told"


@NAMED
def test_a_wrong_role_is_refused(address, house):
    url = address.at(house.slug, house.values(address, "ours"))
    for turn, role in in_turn(address, EVERYBODY - roles_of(address)):
        for how, response in crossed(as_person(house.people[role]), url, turn):
            assert response.status_code == 403, (role, how)


@NAMED
def test_who_only_reads_changes_nothing(address, house):
    if address.name in QUESTIONS or address.name in ENDLESS:
        pytest.skip("changes nothing")
    url = address.at(house.slug, house.values(address, "ours"))
    before = photograph(house.world.tenant)
    for turn, role in in_turn(address, READERS):
        headers = PART if turn % 2 else WHOLE
        assert as_person(house.people[role]).post(url, headers=headers).status_code == 403, role
    assert photograph(house.world.tenant) == before


# -- the rows ----------------------------------------------------------------------------------------------------------


WITH_IDS = [each for each in ADDRESSES if set(each.parts) - {"code", "name", "action"}]


@pytest.mark.parametrize("address", WITH_IDS, ids=lambda each: each.name)
def test_another_organisations_rows_are_not_there(address, house, victim):
    """Every id of theirs under our own address, for every role that may open it."""
    url = address.at(house.slug, victim.values(address))
    if address.name == "job-change":
        pytest.skip("numbers of jobs: tests/workbench/test_operations.py")
    before, around = photograph(victim.world.tenant), outside(victim.world.tenant)
    for turn, role in in_turn(address, roles_of(address)):
        for how, response in crossed(as_person(house.people[role]), url, turn):
            allowed = {404, 405} | ({403} if (role in READERS and "POST" in how) or address.name in GUARDED else set())
            allowed |= {302} if address.name in TOLD else set()
            assert response.status_code in allowed, (role, how, response.status_code)
            assert not [word for word in victim.words["theirs"] if word in says(response)]
    assert photograph(victim.world.tenant) == before
    assert outside(victim.world.tenant) == around


#: Names of fields that take somebody's id, tried on every form.
def planted(house: House) -> dict[str, str]:
    """A form full of another's ids."""
    estate, parts = house.world.theirs, house.parts["theirs"]
    one = {name: sorted(values)[0] for name, values in estate.ids.items()}
    return {
        "about": f"debtor:{parts['debtor_id']}", "creditor": str(parts["creditor_id"]), "creditors": str(parts["creditor_id"]),
        "to": str(house.people[Role.AGENT].pk), "template": str(parts["template_id"]), "account": str(uuid7()),
        "conversation": str(parts["conversation_id"]), "debtor": str(parts["debtor_id"]), "invoice": one["invoice"],
        "which": one["invoice"], "number": str(parts["number pk"]), "sequence": str(parts["sequence_id"]), "anyway": one["message"],
        "seen": one["message"], "contact_point": one["contact"], "contact": one["contact"], "point": one["contact"],
        "reason": "x", "text": "hola", "origin": str(uuid7()), "kind": "other", "redaction": "full", "note": "x",
        "whisper": "x", "version": "1", "dispute": one["dispute"], "promise": one["promise"], "stop": one["stop"],
        "consent": one["consent"], "external_id": "x", "email": f"{uuid7().hex}@mail.example", "role": "agent",
    }  # fmt: skip


#: Shown to supervisors and auditors as a refusal by the view itself.
GUARDED = {"sequence-edit"}
#: Answered with a sentence on the list, whoever's it is.
TOLD = {"invitation-change"}
HARMLESS = {"live", "person-let", "key-revoke", "key-rotate", "sending-change", "inbox-next"}


@NAMED
def test_another_organisations_ids_in_a_form_do_nothing(address, house, victim):
    if address.name in ENDLESS:
        pytest.skip("takes no form")
    url = address.at(house.slug, house.values(address, "ours"))
    before, around = photograph(victim.world.tenant), outside(victim.world.tenant)
    client, form = (
        as_person(house.people[Role.SUPERVISOR if Role.ADMIN not in roles_of(address) else Role.ADMIN]),
        planted(victim),
    )
    if address.name not in HARMLESS:
        response = client.post(url, form)
        assert response.status_code != 500, says(response)[:500]
        assert not [word for word in victim.words["theirs"] if word in says(response)]
    response = client.get(url, form)
    assert response.status_code != 500
    assert not [word for word in victim.words["theirs"] if word in says(response)]
    assert photograph(victim.world.tenant) == before
    assert outside(victim.world.tenant) == around


# -- the creditors -----------------------------------------------------------------------------------------------------


@NAMED
def test_whoever_is_limited_to_a_creditor_sees_nothing_of_another(address, house):
    if address.name in ENDLESS:
        pytest.skip("a stream: tests/workbench/test_foundation.py")
    hidden = house.words["theirs"]
    foreign = {str(each) for each in house.world.theirs.all_ids() if len(str(each)) > 20}
    roles = sorted(roles_of(address))
    csv_as, planted_as = (roles[(ADDRESSES.index(address) + step) % len(roles)] for step in (0, 1))
    for turn, role in in_turn(address, roles):
        client = as_person(house.limited[role])
        mine = address.at(house.slug, house.values(address, "ours"))
        theirs = address.at(house.slug, house.values(address, "theirs"))
        queries = [""]  # the other two by one role each: what is seen hangs on the scope, not on the role
        if role == planted_as:
            queries.append(f"?{'&'.join(f'{name}={value}' for name, value in planted(house).items())}")
        if role == csv_as:
            queries.append("?format=csv")
        for query in queries:
            response = client.get(mine + query)
            assert response.status_code in {200, 204, 302, 403, 404, 405, 422}, (role, query)
            text = says(response)
            assert not [word for word in hidden if word in text], (role, query)
            assert query.startswith("?about") or not [each for each in foreign if each in text], (role, query)
        if theirs != mine:
            for how, answer in crossed(client, theirs, turn):
                allowed = {404, 405} | (
                    {403} if (role in READERS and "POST" in how) or address.name in GUARDED else set()
                )
                assert answer.status_code in allowed, (role, how, answer.status_code)


@NAMED
def test_whoever_is_limited_to_a_creditor_changes_nothing_of_another(address, house):
    if address.name in ENDLESS | HARMLESS:
        pytest.skip("takes no form")
    before = photograph(house.world.tenant, house.world.theirs)
    for role in roles_of(address) & WORKERS:
        response = as_person(house.limited[role]).post(
            address.at(house.slug, house.values(address, "ours")), planted(house)
        )
        assert response.status_code != 500, (role, says(response)[:500])
        assert not [word for word in house.words["theirs"] if word in says(response)], role
    assert photograph(house.world.tenant, house.world.theirs) == before


def test_the_switcher_names_only_ones_own_organisations(house, victim):
    response = as_person(house.people[Role.ADMIN]).get(reverse("debtors", kwargs={SLUG: house.slug}))
    assert response.status_code == 200
    assert victim.slug not in says(response)


def test_a_role_that_ended_ends_at_once(house):
    user = make_user(house.world.tenant, role=Role.AGENT)
    client = as_person(user)
    url = reverse("inbox", kwargs={SLUG: house.slug})
    assert client.get(url).status_code == 200
    Membership.objects.filter(user=user).update(active=False)
    assert client.get(url).status_code == 404


def test_what_is_posted_from_elsewhere_is_refused(house):
    """Every change asks for the token of the page that it came from."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(house.people[Role.ADMIN])
    for address in ADDRESSES:
        if address.name in ENDLESS:
            continue
        response = client.post(address.at(house.slug, house.values(address, "ours")), {"reason": "x"})
        assert response.status_code in {403, 405}, address.name


#: What somebody may write into an address.
ODD = ("../../etc/passwd", "%00", "' OR 1=1 --", "\u202e", "x" * 5000, "-1", "9" * 40, json.dumps({"a": 1}))
QUERIED = ("q", "cursor", "view", "page", "debtor", "creditor", "period", "from", "to", "sort", "kind", "state", "tab",
           "part", "year", "day", "since", "before", "current", "version", "format", "actor", "action", "person")  # fmt: skip


@pytest.mark.parametrize("turn", range(3))
def test_odd_queries_are_no_mistake_of_ours(turn, house):
    """Every name with an odd value, each with another one, and on the next address with the next."""
    client = as_person(house.people[Role.ADMIN])
    for number, address in enumerate(ADDRESSES):
        if address.name in ENDLESS:
            continue
        url = address.at(house.slug, house.values(address, "ours"))
        query = {name: ODD[(place + number + 3 * turn) % len(ODD)] for place, name in enumerate(QUERIED)}
        response = client.get(url, query)
        assert response.status_code < 500, (address.name, query)


def test_no_id_is_guessed_from_a_number(house):
    """Only jobs have numbers for ids, and those are asked for inside the organisation."""
    numbered = {
        each.name
        for each in ADDRESSES
        for part in each.parts
        if part.endswith("pk") and not isinstance(house.values(each)[part], uuid.UUID | str)
    }
    assert numbered == {"job-change"}

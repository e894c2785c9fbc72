"""People: the list, asking somebody in, the link behind the e-mail, changing what they may, the door."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.urls import reverse

from kernel.clock import machine_now
from tenants import invitations, work
from tenants.models import AuditEntry, Invitation, Job, Membership, Tenant, User
from tenants.scope import tenant_scope
from tests.factories import make_creditor, make_tenant, make_user

PASSWORD = "una frase larga y tranquila"


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant("MX", sandbox=True)


def member(tenant: Tenant, role: str = "admin", **more: Any) -> tuple[Client, User]:
    user = make_user(tenant, role=role, **more)
    client = Client()
    client.force_login(user)
    return client, user


def at(name: str, tenant: Tenant, **parts: Any) -> str:
    return reverse(name, kwargs={"organisation": tenant.slug, **parts})


def somebody() -> str:
    return f"new-{uuid.uuid4().hex[:10]}@mail.example"


def ask(client: Client, tenant: Tenant, email: str, **more: Any) -> str:
    """Invite through the page; returns the link's path, which the page shows where no mail server is set up."""
    answer = client.post(
        at("people-invite", tenant), {"email": email, "role": "agent", "language": "es", **more}, follow=True
    )
    assert answer.status_code == 200, answer.content
    found = re.search(r"/accounts/invitation/[\w-]+/", answer.content.decode())
    assert found
    return found[0]


def rights(tenant: Tenant, email: str) -> tuple[str, bool]:
    row = Membership.objects.get(tenant=tenant, user__email=email)
    return row.role, row.active


def test_a_new_person_sets_a_password_and_is_in(tenant):
    client, admin = member(tenant)
    email, guest = somebody(), Client()
    link = ask(client, tenant, email, role="supervisor")
    assert guest.get(link).status_code == 200
    assert guest.post(link, {"name": "Ana", "password": "short"}).status_code == 422
    assert not User.objects.filter(email=email).exists()
    answer = guest.post(link, {"name": "Ana Ruiz", "password": PASSWORD})
    assert answer.status_code == 302
    assert rights(tenant, email) == ("supervisor", True)
    user = User.objects.get(email=email)
    assert (user.name, user.language, user.check_password(PASSWORD)) == ("Ana Ruiz", "es", True)
    assert int(guest.session["_auth_user_id"].replace("-", ""), 16) == user.pk.int
    with tenant_scope(tenant.id):
        actions = list(
            AuditEntry.objects.filter(action__startswith="invitation").order_by("id").values_list("action", "actor")
        )
    assert actions == [("invitation.created", f"user:{admin.id}"), ("invitation.accepted", f"user:{user.id}")]
    again = Client().get(link)
    assert (again.status_code, Client().post(link, {"name": "X", "password": PASSWORD}).status_code) == (410, 410)


def test_the_e_mail_is_in_the_invited_persons_language_and_the_link_is_forgotten(tenant):
    client, _ = member(tenant)
    email = somebody()
    link = ask(client, tenant, email, language="pt-br")
    work.drain(tenant.id, only=["tenants.invitation"])
    (message,) = [each for each in mail.outbox if each.to == [email]]
    assert link in message.body
    row = Invitation.objects.get(email=email)
    assert (row.token, row.mailed_at is None) == ("", False)
    assert link.split("/")[-2] not in str(list(Invitation.objects.filter(pk=row.pk).values()))


def test_a_job_for_an_invitation_taken_back_sends_nothing(tenant):
    client, _ = member(tenant)
    email = somebody()
    ask(client, tenant, email)
    client.post(at("invitation-change", tenant, pk=Invitation.objects.get(email=email).pk, action="revoke"))
    work.drain(tenant.id, only=["tenants.invitation"])
    assert not [each for each in mail.outbox if each.to == [email]]
    assert not Job.objects.filter(tenant_id=tenant.id, task="tenants.invitation").exists()


@pytest.mark.parametrize("end", ["expired", "revoked", "resent", "invited again"])
def test_a_link_that_ended_opens_nothing(tenant, end):
    client, _ = member(tenant)
    email = somebody()
    link = ask(client, tenant, email)
    row = Invitation.objects.get(email=email)
    if end == "expired":
        Invitation.objects.filter(pk=row.pk).update(expires_at=machine_now() - timedelta(seconds=1))
    elif end == "invited again":
        ask(client, tenant, email)
    else:
        client.post(at("invitation-change", tenant, pk=row.pk, action={"revoked": "revoke", "resent": "resend"}[end]))
    for answer in (Client().get(link), Client().post(link, {"name": "Ana", "password": PASSWORD})):
        assert answer.status_code in (404, 410)
    assert not User.objects.filter(email=email).exists()


def test_who_has_an_account_logs_in_first_and_keeps_name_and_password(tenant):
    client, _ = member(tenant)
    known = make_user(make_tenant("BR"), role="agent")
    link = ask(client, tenant, known.email, role="auditor")
    assert b"login" in Client().get(link).content
    stranger = Client().post(link, {"name": "Thief", "password": PASSWORD})
    assert "/accounts/login/" in stranger["Location"]
    known.refresh_from_db()
    assert known.name != "Thief"
    own = Client()
    own.force_login(known)
    assert own.post(link).status_code == 302
    assert rights(tenant, known.email) == ("auditor", True)
    assert Membership.objects.filter(user=known, active=True).count() == 2


def test_somebody_else_who_is_logged_in_cannot_take_the_invitation(tenant):
    client, _ = member(tenant)
    email = somebody()
    link = ask(client, tenant, email)
    other, user = member(make_tenant("BR"))
    assert user.email in other.get(link).content.decode()
    assert other.post(link, {"name": "Ana", "password": PASSWORD}).status_code == 403
    assert not Membership.objects.filter(tenant=tenant, user=user).exists()
    with pytest.raises(Exception, match="another address"):
        invitations.accept(link.split("/")[-2], user=user)


def test_a_link_that_nobody_made_is_no_page():
    assert Client().get("/accounts/invitation/abc/").status_code == 404
    assert Client().get(f"/accounts/invitation/{'a' * 3000}/").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"email": "nobody"}, "email"), ({"role": "owner"}, "role"), ({"role": "creditor"}, "creditors"),
     ({"language": "fr"}, "language"), ({"creditors": [str(uuid.uuid4())]}, "creditors")],
)  # fmt: skip
def test_a_wrong_invitation_is_refused_at_its_field(tenant, wrong, field):
    client, _ = member(tenant)
    with tenant_scope(tenant.id):
        make_creditor()
    answer = client.post(at("people-invite", tenant), {"email": somebody(), "role": "agent", "language": "es", **wrong})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_a_member_is_not_invited_again(tenant):
    client, admin = member(tenant)
    answer = client.post(at("people-invite", tenant), {"email": admin.email.upper(), "role": "agent", "language": "es"})
    assert answer.status_code == 422
    assert "email" in answer.context["form"].errors


def test_role_and_creditors_are_changed_and_audited(tenant):
    client, admin = member(tenant)
    with tenant_scope(tenant.id):
        creditor = make_creditor()
    user = make_user(tenant)
    answer = client.post(at("person", tenant, pk=user.pk), {"role": "creditor", "creditors": [str(creditor.id)]})
    assert answer.status_code == 302
    row = Membership.objects.get(tenant=tenant, user=user)
    assert (row.role, row.creditor_ids) == ("creditor", [creditor.id])
    with tenant_scope(tenant.id):
        entry = AuditEntry.objects.get(action="membership.changed")
    assert (entry.before["role"], entry.after["role"], entry.actor) == ("agent", "creditor", f"user:{admin.id}")


def test_the_last_administrator_stays(tenant):
    client, admin = member(tenant)
    assert client.post(at("person", tenant, pk=admin.pk), {"role": "agent"}).status_code == 422
    client.post(at("person-let", tenant, pk=admin.pk, action="deactivate"), {"reason": "x"})
    assert rights(tenant, admin.email) == ("admin", True)
    second = make_user(tenant, role="admin")
    client.post(at("person-let", tenant, pk=admin.pk, action="deactivate"), {"reason": "leaves"})
    assert rights(tenant, admin.email) == ("admin", False)
    assert rights(tenant, second.email) == ("admin", True)


def test_who_is_shown_the_door_is_out_at_once_and_may_come_back(tenant):
    client, _ = member(tenant)
    theirs, user = member(tenant, "supervisor")
    theirs.get("/accounts/sessions/")
    UserSession.objects.get_or_create(
        session_key=theirs.session.session_key, defaults={"user": user, "ip": "127.0.0.1", "user_agent": "t"}
    )
    assert theirs.get(at("sending", tenant)).status_code == 200
    client.post(at("person-let", tenant, pk=user.pk, action="deactivate"), {"reason": "left"})
    assert theirs.get(at("sending", tenant)).status_code == 302  # logged out
    assert not UserSession.objects.filter(user=user).exists()
    client.post(at("person-let", tenant, pk=user.pk, action="reactivate"))
    assert rights(tenant, user.email) == ("supervisor", True)


def test_who_works_elsewhere_too_keeps_that(tenant):
    client, _ = member(tenant)
    theirs, user = member(tenant, "supervisor")
    other = make_tenant("BR")
    Membership.objects.create(tenant=other, user=user, role="supervisor", created_at=machine_now())
    client.post(at("person-let", tenant, pk=user.pk, action="deactivate"), {"reason": "left"})
    assert theirs.get(at("sending", tenant)).status_code == 404
    assert theirs.get(at("sending", other)).status_code == 200


def test_another_organisations_people_are_out_of_reach(tenant):
    client, _ = member(tenant)
    other = make_tenant("BR")
    _, victim = member(other)
    asked = Invitation.objects.create(
        tenant=other, email=somebody(), role="agent", language="es", token_hash=uuid.uuid4().hex, invited_by=victim,
        created_at=machine_now(), expires_at=machine_now() + timedelta(days=1),
    )  # fmt: skip
    assert client.get(at("person", tenant, pk=victim.pk)).status_code == 404
    assert client.post(at("person", tenant, pk=victim.pk), {"role": "agent"}).status_code == 404
    assert client.post(at("person-let", tenant, pk=victim.pk, action="deactivate"), {"reason": "x"}).status_code == 404
    client.post(at("invitation-change", tenant, pk=asked.pk, action="revoke"))
    asked.refresh_from_db()
    assert asked.revoked_at is None
    assert rights(other, victim.email) == ("admin", True)
    assert victim.email not in client.get(at("people", tenant)).content.decode()


def test_an_administrator_of_one_creditor_looks_and_changes_nobody(tenant):
    with tenant_scope(tenant.id):
        mine = make_creditor()
    client, _ = member(tenant, creditor_ids=[mine.id])
    assert client.get(at("people", tenant)).status_code == 200
    assert (
        client.post(at("people-invite", tenant), {"email": somebody(), "role": "agent", "language": "es"}).status_code
        == 403
    )
    boss = make_user(tenant, role="admin")
    assert client.post(at("person", tenant, pk=boss.pk), {"role": "agent"}).status_code == 403
    assert client.post(at("person-let", tenant, pk=boss.pk, action="deactivate"), {"reason": "x"}).status_code == 403
    assert rights(tenant, boss.email) == ("admin", True)


def test_the_list_costs_the_same_for_one_and_for_many_and_is_exported(tenant, django_assert_max_num_queries):
    client, admin = member(tenant)
    for _ in range(8):
        make_user(tenant)
    with django_assert_max_num_queries(20):
        answer = client.get(at("people", tenant))
    assert len(answer.context["rows"]) == 9
    assert client.get(at("people", tenant), {"q": admin.email[:12]}).context["rows"]
    csv = client.get(at("people", tenant), {"format": "csv"})
    assert csv["Content-Type"].startswith("text/csv")
    assert csv.content.decode("utf-8-sig").count("\r\n") == 10


@pytest.mark.parametrize("role", ["agent", "supervisor", "auditor"])
def test_only_administrators_change_people(tenant, role):
    client, _ = member(tenant, role)
    user = make_user(tenant)
    assert (
        client.post(at("people-invite", tenant), {"email": somebody(), "role": "agent", "language": "es"}).status_code
        == 403
    )
    assert client.post(at("person", tenant, pk=user.pk), {"role": "admin"}).status_code == 403
    assert client.post(at("person-let", tenant, pk=user.pk, action="deactivate"), {"reason": "x"}).status_code == 403
    assert rights(tenant, user.email) == ("agent", True)

"""Addresses of the debtors' pages and cards, under /o/<slug>/debtors/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from workbench.debtors import contactable, money_cards, standing_cards, views
from workbench.debtors.acts import LEADERS, deed, view_of
from workbench.debtors.forms import CardForm, CloseDisputeForm, LiftForm, PauseForm, VerifyForm

CARDS = (
    money_cards.PROMISE, money_cards.PLAN, money_cards.PAYABLE, money_cards.PAYMENT, standing_cards.DISPUTE,
    standing_cards.WRONG_PERSON, standing_cards.STOP, standing_cards.CONSENT, standing_cards.CONTACT,
)  # fmt: skip
ONE = "<uuid:debtor_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.debtors, name="debtors"),
    path("contactable/", contactable.contactable, name="contactable"),
    path("contactable/ask/", contactable.ask_for_consent, name="contactable-ask"),
    path(ONE, views.debtor, name="debtor"),
    path(f"{ONE}panel/", views.panel, name="debtor-panel"),
    path(f"{ONE}document/", views.document, name="debtor-document"),
    *(path(f"{ONE}{card.name.removeprefix('debtor-')}/", view_of(card), name=card.name) for card in CARDS),
    path(f"{ONE}plan/cancel/", deed(CardForm, money_cards.cancel_plan), name="debtor-plan-cancel"),
    path(
        f"{ONE}dispute/close/", deed(CloseDisputeForm, standing_cards.end_dispute, roles=LEADERS),
        name="debtor-dispute-close",
    ),
    path(f"{ONE}stop/lift/", deed(LiftForm, standing_cards.lift, roles=LEADERS), name="debtor-stop-lift"),
    path(f"{ONE}consent/ask/", deed(CardForm, standing_cards.ask_consent), name="debtor-consent-ask"),
    path(f"{ONE}consent/link/", deed(CardForm, standing_cards.make_link), name="debtor-consent-link"),
    path(f"{ONE}contact/verify/", deed(VerifyForm, standing_cards.confirm), name="debtor-contact-verify"),
    path(f"{ONE}pause/", deed(PauseForm, standing_cards.pause), name="debtor-pause"),
    path(f"{ONE}resume/", deed(CardForm, standing_cards.go_on), name="debtor-resume"),
]  # fmt: skip

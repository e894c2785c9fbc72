"""Who answers: the claim, the two-point check, a wrong number, and their answer to whether we may write."""

from __future__ import annotations

from typing import Any

from compliance.services import NewConsent, claim, mark_wrong_person, record_consent, strike, verify
from kernel.errors import DomainError
from messaging.bot import checks, opt_in, texts
from messaging.bot.speaking import Speaking
from messaging.message_templates import variables
from messaging.sending.standing import withdraw_of_person
from messaging.sending.waiting import facts_changed
from messaging.sequences.services import unblock
from portfolio.models import ContactPoint
from portfolio.services.links import transparency_link


class Identity(Speaking):
    """Acts about who is there."""

    __slots__ = ()

    def _point(self) -> ContactPoint:
        if self.contact is None:
            raise DomainError("no_address", "this conversation belongs to no contact point")
        return self.contact

    def claim(self, method: str) -> None:
        """They say that they are the debtor."""
        self.contact = claim(self._point().pk, f"probe:{method}", self.now)

    def ask_who(self) -> None:
        """Are you who we look for? Nothing else is said."""
        name = self._point().contact_name or variables.full_name(self.account.person)
        self.put(
            {
                "kind": "buttons",
                "text": self.text("ask_who", name=name),
                "buttons": self.buttons("probe:yes", "probe:no"),
            }
        )

    def page(self, text: str) -> None:
        """The address of their own page, where they see who asks and why, as far as they have proven who they are."""
        url = transparency_link(self.account.debtor, now=self.now, contact_point=self.contact, source="bot")
        label = texts.title(self.language, self.country, "page")
        self.put({"kind": "link", "text": self.text(text), "label": label, "url": url})

    def ask(self, question: str, first: bool, again: bool = False) -> None:
        """A question of the check, as a list with wrong answers around the right one."""
        person = self.account.person
        options = checks.choices(person, question)
        if not options:
            raise DomainError("nothing_to_ask", "nothing is known that could be asked")
        document = (
            person.document_kind
            if person.document_kind.isalpha() and len(person.document_kind) > 2
            else self.text("document")
        )
        words = self.text(f"{'ask' if first else 'then'}_{question}", document=document)
        if again:
            words = f"{self.text('again')} {words}"
        rows = [{"id": f"check:{question}:{option}", "title": option} for option in options]
        rows.append({"id": "wrong_person", "title": texts.title(self.language, self.country, "wrong_person")})
        self.put(
            {"kind": "list", "text": words, "button": texts.title(self.language, self.country, "choose"), "rows": rows}
        )
        state = {**self._point().check_state, "question": question, "asked_at": self.now.isoformat()}
        self._keep(state)

    def _keep(self, state: dict[str, Any]) -> None:
        point = self._point()
        point.check_state = state
        ContactPoint.objects.filter(pk=point.pk).update(check_state=state)

    def passed(self, passed: tuple[str, ...]) -> None:
        """One point is right."""
        self._keep({"passed": list(passed)})

    def strike(self) -> None:
        """A wrong answer; the third one makes it somebody else's number."""
        self.contact = strike(self._point().pk, "two_point", self.now)

    def verify(self, passed: tuple[str, ...]) -> None:
        """They are who we look for: what waited for it asks the gate anew."""
        self._keep({})
        method = "two_point" if len(passed) > 1 else f"one_point:{passed[0]}"
        self.contact = verify(self._point().pk, method, self.now)
        facts_changed(self.account.person.pk, now=self.now)
        unblock(self.account.person.pk, now=self.now)

    def wrong_person(self, method: str) -> None:
        """Somebody else answers here: everything is taken back, one apology says that it stops, nothing of a debt."""
        self._keep({})
        self.contact = mark_wrong_person(self._point().pk, f"debtor:{method}", self.now)
        withdraw_of_person(self.account.person.pk, reason="wrong_person", now=self.now, classes=None)
        words = self.text("wrong_person")
        self.put(
            {"kind": "text", "text": words},
            message_class="optout_confirmation",
            origin=("system", f"wrong:{self._point().pk}"),
        )

    def ask_consent(self) -> None:
        """Whether we may write to them from now on: nothing of a debt, and an answer with one tap."""
        content = opt_in.question(self.account, self._point(), self.language)
        self.put(content, message_class=opt_in.CLASS)

    def consent(self, granted: bool) -> None:
        """Their answer to the question whether we may write: a statement, whichever it is."""
        point, asked = self._point(), opt_in.question_of(self.message)
        if asked is None:
            self.ask_consent()  # without the words that they answer, the answer proves nothing
            return
        proof = opt_in.proof_of(self.message, asked, self.account, point, granted=granted)
        statement = NewConsent(
            person_id=self.account.person.pk, contact_point_id=point.pk, creditor_id=self.account.creditor.pk,
            channel="whatsapp", source="debtor", state="granted" if granted else "refused", given_at=self.message.at,
            external_id=f"message:{self.message.pk}", evidence=proof.evidence(),
        )  # fmt: skip
        if record_consent(statement, self.now) is not None:
            if granted:
                facts_changed(self.account.person.pk, now=self.now)
                unblock(self.account.person.pk, now=self.now)
            else:
                withdraw_of_person(
                    self.account.person.pk, reason="consent_refused", now=self.now, debtor_id=self.account.debtor.pk
                )
        self.say(text="consent_yes" if granted else "consent_no")

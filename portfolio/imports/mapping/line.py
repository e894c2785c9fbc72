"""One line of a CSV file: its cells become rows, or every error that is in them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from kernel.errors import DomainError, Words
from kernel.money import minor_units
from kernel.phones import to_e164
from portfolio import documents
from portfolio.imports.mapping import words
from portfolio.imports.mapping.cells import Cells
from portfolio.imports.mapping.columns import ATTRIBUTE, normal
from portfolio.imports.mapping.formats import parse_date
from portfolio.imports.rows import ContactRow, CreditRow, DebtorRow, Evidence, InvoiceRow, PaymentRow, Row, RowError

_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_INVOICE = ("invoice_id", "due_on", "amount", "balance")
_PAYMENT = ("payment_id", "paid_amount", "paid_on")


class Line(Cells):
    """One line of the file and the rows that it gives."""

    def rows(self) -> list[Row | RowError]:
        """The line's rows, or its errors and nothing else."""
        rows = self._rows()
        return list(self.errors) if self.errors else list(rows)

    def _rows(self) -> list[Row]:
        country = self.take("country", lambda text: words.say(words.COUNTRY, text, Words("country")), "")
        holder = self.take("holder_kind", lambda text: words.say(words.HOLDER_KIND, text, Words("kind of person")), "")
        kind, document = self._document(country, holder)
        debtor = (
            self.text("debtor_id") or document or self.need("debtor_id" if "debtor_id" in self.places else "document")
        )
        made = self._debtor(debtor, country, holder, kind, document)
        rows: list[Row] = [made, *self._contacts(debtor, country, made)]
        currency = self.take("currency", _currency, "")
        rows += self._invoice(debtor, currency)
        rows += self._payment(debtor, currency)
        return rows

    def _document(self, country: str, holder: str) -> tuple[str, str]:
        text = self.text("document")
        if not text:
            return "", ""
        kind = self.take("document_kind", lambda word: words.say(words.DOCUMENT_KIND, word, Words("document kind")), "")
        if kind == "" and self.text("document_kind"):
            return "", ""  # already an error
        try:
            kind = kind or documents.kind_for(_with_zeros("", text, country), country, holder)
            return kind, documents.check(kind, _with_zeros(kind, text, country), country)
        except DomainError as error:
            self.fail("document", error)
            return "", ""

    def _debtor(self, debtor: str, country: str, holder: str, kind: str, document: str) -> DebtorRow:
        if not holder and document:
            holder = documents.holder_of(kind, document, country) or ""
        attributes = {
            name.removeprefix(ATTRIBUTE): text
            for name in self.places
            if name.startswith(ATTRIBUTE) and (text := self.text(name))
        }
        subdivision = self.text("subdivision")
        if subdivision:
            code = words.UF.get(normal(subdivision), "") if country == "BR" else ""
            code = code or (subdivision.upper() if re.fullmatch(r"[A-Za-z0-9]{1,3}", subdivision) else "")
            if not code:
                attributes["subdivision"] = subdivision
            subdivision = code
        nothing: tuple[str, ...] = ()
        stops = self.take(
            "stops", lambda text: tuple(words.say(words.STOP, part, Words("stop")) for part in _parts(text)), nothing
        )
        return DebtorRow(
            line=self.number,
            debtor=debtor,
            name=self.need("name"),
            kind="company" if holder == "company" else "human",
            document_kind=kind,
            document=document,
            country=country,
            language=self.take("language", lambda text: words.say(words.LANGUAGE, text, Words("language")), ""),
            subdivision=subdivision,
            city=self.text("city"),
            birth_year=self._birth_year(),
            labels=tuple(dict.fromkeys(part[:40] for part in _parts(self.text("labels")))),
            stops=stops,
            attributes=attributes,
        )

    def _birth_year(self) -> int | None:
        def year(text: str) -> int:
            if not re.fullmatch(r"(19|20)\d{2}", text, re.ASCII):
                raise DomainError("birth_year", "%(value)s is not a year of birth: write it like 1984", value=text)
            return int(text)

        def year_of_birthday(text: str) -> int:
            # people born before the calendar of due dates begins are no error here
            if match := re.fullmatch(r"(19\d\d)-\d\d-\d\d|\d\d[/.-]\d\d[/.-](19\d\d)", text, re.ASCII):
                return int(match[1] or match[2])
            return parse_date(text, self.mapping.formats.dates or "dmy").year

        return self.take("birth_year", year, None) or self.take("birth_on", year_of_birthday, None)

    def _contacts(self, debtor: str, country: str, owner: DebtorRow) -> list[Row]:
        region = self.mapping.formats.phone_region or country or None
        contact_name = self.text("contact_name")
        role = self.take("contact_role", lambda text: words.say(words.ROLE, text, Words("role")), "")
        if not role:
            role = "representative" if owner.kind == "company" and contact_name else "owner"
        supplied_by = self.take(
            "contact_supplied_by", lambda text: words.say(words.SUPPLIED_BY, text, Words("supplier")), "unknown"
        )
        identity = self.take(
            "identity", lambda text: words.say(words.IDENTITY, text, Words("identity state")), "unknown"
        )
        identity_on = self.day("identity_on")
        stated_by, method = self.text("identity_by")[:80], self.text("identity_method")[:40]
        if identity == "unknown" and not self.text("identity") and identity_on is not None and (stated_by or method):
            identity = "verified"  # who verified it, how and when is the statement
        if identity == "verified" and identity_on is None:
            self.fail(
                "identity",
                DomainError("identity_undated", "a verified contact needs the date on which it was verified"),
            )
        rows: list[Row] = []
        for name in ("phone", "phone_2", "phone_3", "email", "email_2"):
            is_phone = name.startswith("phone")
            value = self.take(name, (lambda text: to_e164(text, region)) if is_phone else _email, "")
            if not value or any(isinstance(row, ContactRow) and row.value == value for row in rows):
                continue
            state, evidence = self._consent(owner.name, value) if name == "phone" else ("unknown", {})
            signed_on = self._signed_on(state) if name == "phone" else None
            first = name in ("phone", "email")
            rows.append(
                ContactRow(
                    line=self.number,
                    debtor=debtor,
                    kind="phone" if is_phone else "email",
                    value=value,
                    role=role,
                    contact_name=contact_name,
                    contact_position=self.text("contact_position"),
                    source=self.text("contact_source") or "unknown",
                    supplied_by=supplied_by,
                    supplied_on=self.day("contact_supplied_on") if first else None,
                    identity=identity if first else "unknown",
                    identity_on=identity_on if first else None,
                    identity_evidence={
                        "method": method or "stated by the creditor's file",
                        **({"by": stated_by} if stated_by else {}),
                    }
                    if first and identity == "verified"
                    else {},
                    consent_state=state,
                    consent_evidence=evidence,
                    consent_signed_on=signed_on,
                    consent_clause=self.text("consent_clause")[:40] if signed_on else "",
                )
            )
        return rows

    def _signed_on(self, state: str) -> date | None:
        """When the contract was signed whose clause is the consent; a line that says otherwise itself wins."""
        signed_on = self.day("consent_signed_on")
        if (
            signed_on is None
            or state == "granted"
            or (self.text("consent_state") and state != "imported_without_evidence")
        ):
            return None
        return signed_on

    def _consent(self, who: str, wa_number: str) -> tuple[str, Evidence]:
        state = self.take(
            "consent_state", lambda text: words.say(words.CONSENT, text, Words("consent state")), "unknown"
        )
        collected_on = self.day("consent_on")
        stated = {
            "exact_wording": self.text("consent_wording"),
            "collected_how": self.text("consent_how"),
            "source_document_hash": self.text("consent_document"),
        }
        if state != "granted":
            return state, {}
        evidence = {name: text for name, text in stated.items() if text}
        if collected_on is None or not evidence:
            # a bare "yes" proves nothing: the burden of proof is the sender's (rule pack common, X-CONSENT)
            return "imported_without_evidence", {}
        return state, {
            "who": who,
            "wa_number": wa_number,
            "channel_whatsapp": True,
            "collected_on": collected_on.isoformat(),
            **evidence,
        }

    def _invoice(self, debtor: str, currency: str) -> list[Row]:
        if not any(self.text(name) for name in _INVOICE if name in self.places):
            return []
        number = self.need("invoice_id")
        due_on = self.day("due_on")
        if due_on is None and not self.text("due_on"):
            self.need("due_on")
        amount, balance = self.amount("amount", currency), self.amount("balance", currency)
        if amount is None and balance is None:
            if not (self.text("amount") or self.text("balance")):
                self.need("balance" if "balance" in self.places and "amount" not in self.places else "amount")
        elif amount is not None and balance is not None and not (0 <= balance <= amount):
            self.fail(
                "balance",
                DomainError(
                    "balance_above_amount",
                    "the balance is not between zero and the amount: map the balance column as amount, or leave one "
                    "of them out",
                ),
            )
        issued_on = self.day("issued_on")
        legal_state = self.take(
            "legal_state", lambda text: words.say(words.LEGAL_STATE, text, Words("legal state")), ""
        )
        if self.errors or due_on is None:
            return []
        whole = amount if amount is not None else balance
        assert whole is not None  # one of the two was found, or there is an error above
        self._once(number, debtor, due_on, whole, balance)
        if whole < 0:
            return [
                CreditRow(
                    line=self.number,
                    debtor=debtor,
                    external_id=number,
                    credited_on=issued_on or due_on,
                    amount=-whole,
                    currency=currency,
                    reason="negative_bill",
                )
            ]
        rows: list[Row] = [
            InvoiceRow(
                line=self.number,
                debtor=debtor,
                external_id=number,
                due_on=due_on,
                amount=whole,
                currency=currency,
                number=self.text("invoice_number"),
                description=self.text("description"),
                issued_on=issued_on,
                legal_state=legal_state,
            )
        ]
        if amount is not None and balance is not None and balance < amount:
            rows.append(
                CreditRow(
                    line=self.number,
                    debtor=debtor,
                    external_id=f"{number}:opening",
                    credited_on=issued_on or due_on,
                    amount=amount - balance,
                    currency=currency,
                    invoice=number,
                    reason="paid_before_import",
                )
            )
        return rows

    def _once(self, number: str, debtor: str, due_on: date, amount: Decimal, balance: Decimal | None) -> None:
        """An invoice may stand on several lines (one for each phone), but must say the same on all of them."""
        says = hash((debtor, due_on, amount, balance))
        if self.seen.setdefault(number, says) != says:
            self.fail(
                "invoice_id",
                DomainError(
                    "invoice_twice",
                    "invoice %(number)s stands above with another debtor, date or amount: keep one",
                    number=number,
                ),
            )

    def _payment(self, debtor: str, currency: str) -> list[Row]:
        if not any(self.text(name) for name in _PAYMENT if name in self.places):
            return []
        number = self.need("payment_id")
        amount, paid_on = self.amount("paid_amount", currency), self.day("paid_on")
        for name, value in (("paid_amount", amount), ("paid_on", paid_on)):
            if value is None and not self.text(name):
                self.need(name)
        if amount is not None and amount <= 0:
            self.fail(
                "paid_amount",
                DomainError("payment_amount", "a payment is above zero; give a reversal as a credit note"),
            )
        if self.errors or amount is None or paid_on is None:
            return []
        return [
            PaymentRow(
                line=self.number,
                debtor=debtor,
                external_id=number,
                paid_on=paid_on,
                amount=amount,
                currency=currency,
                invoice=self.text("invoice_id"),
                method=self.text("payment_method"),
            )
        ]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;,|]", text) if part.strip()]


def _currency(text: str) -> str:
    code = text.upper()
    try:
        minor_units(code)
    except ValueError as error:
        raise DomainError(
            "currency_code", "%(value)s is not a currency: use three letters like BRL, MXN, COP", value=text
        ) from error
    return code


def _email(text: str) -> str:
    address = text.lower()
    if not _EMAIL.fullmatch(address):
        raise DomainError(
            "email_invalid", "%(value)s is not one e-mail address: write it like nombre@ejemplo.com", value=text
        )
    return address


def _with_zeros(kind: str, text: str, country: str) -> str:
    """The leading zeros that spreadsheets cut from CPF, CNPJ and the Peruvian DNI; check digits still decide."""
    digits = re.sub(r"\D", "", text)
    if digits != text.strip():
        return text
    if kind == "CPF" or (not kind and country == "BR" and 8 <= len(digits) < 11):
        return digits.zfill(11)
    if kind == "CNPJ" or (not kind and country == "BR" and 12 <= len(digits) < 14):
        return digits.zfill(14)
    if kind == "DNI" and country == "PE" and len(digits) == 7:
        return digits.zfill(8)
    return text

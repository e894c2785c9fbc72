"""What somebody does with a portfolio. Each function runs inside a tenant scope, in the caller's transaction."""

from portfolio.services.agreements import (
    Policy,
    accept_agreement,
    close_agreement,
    judge_agreements,
    propose_agreement,
)  # fmt: skip
from portfolio.services.balances import Difference, rebuild_balances
from portfolio.services.creditors import save_creditor
from portfolio.services.debtors import match_person, return_debtor, save_debtor, save_person, withdraw_debtor
from portfolio.services.disputes import close_dispute, open_dispute
from portfolio.services.invoices import save_invoice, withdraw_invoice
from portfolio.services.payables import create_payable, expire_payables, pay_payable
from portfolio.services.payments import record_credit, record_payment, reverse_payment
from portfolio.services.promises import create_promise, judge_promises, withdraw_promise

__all__ = [
    "Difference", "Policy", "accept_agreement", "close_agreement", "close_dispute", "create_payable", "create_promise",
    "expire_payables", "judge_agreements", "judge_promises", "match_person", "open_dispute", "pay_payable",
    "propose_agreement", "rebuild_balances", "record_credit", "record_payment", "return_debtor",
    "reverse_payment", "save_creditor", "save_debtor", "save_invoice", "save_person", "withdraw_debtor",
    "withdraw_invoice", "withdraw_promise",
]  # fmt: skip

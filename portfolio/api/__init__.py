"""REST: creditors, debtors, invoices, payments, agreements, promises, disputes, payables, imports.

Rows are written by their creditor's own ids, so that sending the same thing twice changes nothing. A key that is
limited to some creditors finds no others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from portfolio.api.creditors import Ageing, CreditorDetail, CreditorList, Reconciliation
from portfolio.api.debtors import DebtorBatch, DebtorDetail, DebtorList, DebtorWithdrawal
from portfolio.api.imports import ImportDetail, ImportList, ImportRejected, ImportUndoing
from portfolio.api.invoices import InvoiceBatch, InvoiceDetail, InvoiceList, InvoiceWithdrawal
from portfolio.api.payables import PayableList
from portfolio.api.payments import PaymentBatch, PaymentDetail, PaymentList, PaymentReversal
from portfolio.api.plans import (
    AgreementAcceptance,
    AgreementCancellation,
    AgreementDetail,
    AgreementList,
    DisputeClosing,
    DisputeList,
    PromiseList,
)


def _at(address: str, view: Callable[..., Any], name: str) -> URLPattern:
    return path(f"creditors/<str:creditor>/{address}", view, name=name)


urlpatterns: list[URLPattern] = [
    path("creditors", CreditorList.as_view(), name="api-creditors"),
    path("creditors/<str:creditor>", CreditorDetail.as_view(), name="api-creditor"),
    _at("ageing", Ageing.as_view(), "api-ageing"),
    _at("reconciliation", Reconciliation.as_view(), "api-reconciliation"),
    _at("debtors", DebtorList.as_view(), "api-debtors"),
    _at("debtors:batch", DebtorBatch.as_view(), "api-debtor-batch"),
    _at("debtors/<str:external_id>", DebtorDetail.as_view(), "api-debtor"),
    _at("debtors/<str:external_id>/withdrawal", DebtorWithdrawal.as_view(), "api-debtor-withdrawal"),
    _at("invoices", InvoiceList.as_view(), "api-invoices"),
    _at("invoices:batch", InvoiceBatch.as_view(), "api-invoice-batch"),
    _at("invoices/<str:external_id>", InvoiceDetail.as_view(), "api-invoice"),
    _at("invoices/<str:external_id>/withdrawal", InvoiceWithdrawal.as_view(), "api-invoice-withdrawal"),
    _at("payments", PaymentList.as_view(), "api-payments"),
    _at("payments:batch", PaymentBatch.as_view(), "api-payment-batch"),
    _at("payments/<str:external_id>", PaymentDetail.as_view(), "api-payment"),
    _at("payments/<str:external_id>/reversal", PaymentReversal.as_view(), "api-payment-reversal"),
    _at("promises", PromiseList.as_view(), "api-promises"),
    _at("agreements", AgreementList.as_view(), "api-agreements"),
    _at("agreements/<str:agreement>", AgreementDetail.as_view(), "api-agreement"),
    _at("agreements/<str:agreement>/acceptance", AgreementAcceptance.as_view(), "api-agreement-acceptance"),
    _at("agreements/<str:agreement>/cancellation", AgreementCancellation.as_view(), "api-agreement-cancellation"),
    _at("disputes", DisputeList.as_view(), "api-disputes"),
    _at("disputes/<str:dispute>/closing", DisputeClosing.as_view(), "api-dispute-closing"),
    _at("payables", PayableList.as_view(), "api-payables"),
    _at("imports", ImportList.as_view(), "api-imports"),
    _at("imports/<str:pk>", ImportDetail.as_view(), "api-import"),
    _at("imports/<str:pk>/rejected", ImportRejected.as_view(), "api-import-rejected"),
    _at("imports/<str:pk>/undo", ImportUndoing.as_view(), "api-import-undo"),
]

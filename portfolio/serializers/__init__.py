"""The shapes of the portfolio's REST resources: what is taken, and what is shown."""

from portfolio.serializers.creditors import BucketOut, CreditorIn, CreditorOut, ReconciliationOut
from portfolio.serializers.debtors import ContactIn, ContactOut, DebtorDetail, DebtorIn, DebtorItemIn, DebtorOut
from portfolio.serializers.files import BatchIn, BatchOut, ImportIn, ImportOut, ItemResult
from portfolio.serializers.invoices import InvoiceIn, InvoiceItemIn, InvoiceOut
from portfolio.serializers.payments import PayableIn, PayableOut, PaymentIn, PaymentItemIn, PaymentOut, ReversalIn
from portfolio.serializers.plans import (
    AgreementIn,
    AgreementOut,
    ClosingIn,
    DisputeIn,
    DisputeOut,
    InstalmentOut,
    PromiseIn,
    PromiseOut,
)

__all__ = [
    "AgreementIn", "AgreementOut", "BatchIn", "BatchOut", "BucketOut", "ClosingIn", "ContactIn", "ContactOut",
    "CreditorIn", "CreditorOut", "DebtorDetail", "DebtorIn", "DebtorItemIn", "DebtorOut", "DisputeIn", "DisputeOut",
    "ImportIn", "ImportOut", "InstalmentOut", "InvoiceIn", "InvoiceItemIn", "InvoiceOut", "ItemResult", "PayableIn",
    "PayableOut", "PaymentIn", "PaymentItemIn", "PaymentOut", "PromiseIn", "PromiseOut", "ReconciliationOut",
    "ReversalIn",
]  # fmt: skip

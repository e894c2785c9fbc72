"""English, for auditors."""

from . import Texts

EN = Texts(
    title="Evidence of how a debt was collected",
    page="Page {page} of {pages}",
    file_hash="SHA-256 of evidence.json: {sha256}",
    readme_name="README.txt",
    readme="""EVIDENCE PACK
{organisation}

What this pack holds
  evidence.pdf    to read: timeline, proof of delivery and reading, decisions with their grounds, consents, opt-outs
                  and the account
  evidence.json   the same facts, line by line, with their cryptographic proof; the PDF was made from it
  verify.py       the verifier: a single file that needs nothing but Python 3.9 or newer, and no network
  SHA256SUMS      the hash of every file of the pack

How to verify it
  1. Unpack the zip into a folder.
  2. Open a terminal in that folder and type:   python3 verify.py
     (on Windows:   py verify.py)
  3. "WHOLE" means that no record was altered, removed or put in. If something was, the verifier names the line and
     the record, and ends with code 1.
  To prove one record without showing the others:   python3 verify.py --only ID > one.json
     and whoever receives it:   python3 verify.py one.json

What is checked
  Every line against the manifest; every record against the hash in its event; every event against the root of its
  seal (Merkle proof, RFC 6962); every seal against the one before; the rules against their hash; the words of each
  message against the hash in the decision that allowed it.

Hashes of this pack
  SHA-256 of evidence.json   {sha256}
  Hash of the document       {document}
  Last seal                  {seal}
  The first stands at the foot of every page of the PDF. The organisation keeps all three in its sealed log.
""",
    to_verify="""This document was made from the file evidence.json that comes with it; the file's SHA-256 stands at the foot of
every page. If the file has that hash, what is read here is what the file holds.

Every decision, consent, opt-out, movement of the account and report of the provider was written down when it
happened, in a log that admits no change. Chained seals cover the log: each seal holds the root of a Merkle tree
over its stretch, and the hash of the seal before. For every record the file has the path to the root of its seal,
so that one can be proven without showing the others.

Anybody can check it without the organisation: python3 verify.py, in the folder of the pack. The verifier names the
first line that was altered, is missing or was put in.""",
    shown=(
        "Times are shown in the debtor's zone and in UTC. Characters that the typeface lacks (emoji, for one) are "
        "shown by their Unicode name in brackets; the JSON file has them as they were sent."
    ),
    headings={
        "summary": "Summary", "timeline": "Timeline", "reports": "Proof of sending, delivery and reading",
        "decisions": "Decisions and their grounds", "consents": "Consents", "stops": "Opt-outs and other stops",
        "account": "Account", "rules": "Rules in force", "integrity": "Integrity and verification",
    },
    labels={
        "organisation": "Collecting organisation", "creditor": "Creditor", "address": "Address", "contact": "Contact",
        "debtor": "Debtor", "number": "Customer number", "document": "Document", "points": "Contact points",
        "scope": "Scope", "complaint": "Complaint", "period": "Period", "made_at": "Made", "made_by": "Made by",
        "zone": "Time zone", "left_out": "Left out on purpose", "seal": "Last seal",
        "document_hash": "Hash of the document",
        "counts": "Contents", "when": "Date and time", "what": "Fact", "message": "Message", "state": "State",
        "provider_time": "Provider's time", "utc": "UTC", "recorded": "Recorded (UTC)", "proof": "Event / seal",
        "due": "Due", "amount": "Amount", "open": "Open", "invoice": "Invoice", "origin": "Origin", "paid_on": "Paid",
        "method": "Method", "reference": "Reference", "made_on": "Made", "pack": "Pack", "edition": "Edition",
        "since": "In force since", "status": "Review", "digest": "Hash", "seals": "Seals", "by": "By",
        "kind": "Movement", "date": "Date", "debtors": "Debtors",
    },
    scopes={
        "debtor": "Everything about a debtor", "complaint": "A complaint, with everything about the debtor",
        "conversation": "A conversation", "request": "One send", "period": "A period",
    },
    parts={
        "no_texts": "the words of the messages and their authors", "no_third_parties": "data of third parties",
        "no_account": "the account (invoices, payments, promises and plans)",
    },
    counts={
        "out": "messages sent", "delivered": "delivered", "read": "read", "in": "messages received",
        "kept": "messages that never left", "decisions": "decisions", "deny": "sends denied",
        "defer": "sends deferred",
        "consents": "statements of consent", "stops": "opt-outs and stops", "payments": "payments",
    },
    told={
        "simulated": "SIMULATION: none of this happened",
        "out": "From the organisation to the debtor", "in": "From the debtor to the organisation",
        "out_other": "From the organisation to a third party ({role})",
        "in_other": "From a third party ({role}) to the organisation",
        "template": "template {name}", "accepted": "asked for", "sent": "Sent", "delivered": "Delivered",
        "read": "Read",
        "failed": "Failed", "deleted": "Deleted by the person", "received": "Received",
        "error": "provider's code {code}",
        "provider": "Provider's id", "decided": "Decision {number}", "for_message": "about message {number}",
        "no_words": "[no text]", "withheld": "[text left out on purpose; its hash stands in the decision]",
        "withheld_row": "Left out in part: the whole content is not shown; its hash and its proof stand in the file.",
        "buttons": "Buttons",  "no_rule": "No rule objected.",
        "next": "Could be sent from", "packs": "Rules", "ruleset": "set {digest}", "evaluator": "evaluator {version}",
        "confidence": "Source: {read_in}", "force": "force: {basis}", "from_pack": "pack {pack}, edition {edition}",
        "own_layer": "the organisation's or creditor's own rule", "event": "event {sequence}, seal {seal}",
        "wording": "Exact wording", "given": "Given", "expires": "expires",
        "valid_for": "Valid for {channel}, {purpose}",
        "any_contact": "every contact of the person", "for_all": "the whole organisation",
        "for_creditor": "this creditor",
        "source": "Source of the record", "raised": "Since", "lifted": "Lifted", "lifted_by": "by {who}",
        "standing": "Still stands.",
        "consent": "Consent", "stop": "Stop", "stop_lifted": "Stop lifted", "payment": "Payment",
        "payment_reversed": "Payment reversed", "promise": "Promise to pay", "agreement": "Plan",
        "dispute": "Complaint",
        "promise_of": "{amount} by {day}", "agreement_of": "{amount} in {n} instalments", "none": "There is none.",
        "chain": "Seals {first} to {last}; {events} events proven.", "reversed": "reversed on {day}",
        "settled": "paid on {day}", "withdrawn": "withdrawn", "disputed": "disputed",
        "more": "The JSON file holds {n} more.",
    },
    states={
        "received": "received", "waiting": "waiting", "withdrawn": "never left", "sending": "being sent",
        "uncertain": "not confirmed by the provider", "refused": "refused by the provider",
        "accepted": "accepted by the provider",
        "sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed",
    },
    sources={
        "operator": "operator",
        "debtor": "the debtor", "step": "automatic sequence", "bot": "automatic assistant", "agent": "agent",
        "api": "the creditor's system", "system": "system", "device": "the organisation's phone",
        "page": "the debtor's page",
        "user": "agent", "key": "the creditor's system", "link": "the debtor's page", "import": "imported file",
    },
    kinds={
        "text": "text", "template": "template", "interactive": "message with buttons",
        "buttons": "message with buttons",
        "button": "answer by button", "list": "list", "link": "link", "image": "picture", "document": "document",
        "audio": "audio", "video": "video", "sticker": "sticker", "location": "location", "contacts": "contact",
        "reaction": "reaction", "unsupported": "unsupported content", "page": "the debtor's page",
    },
    classes={
        "collection": "collection", "identity_probe": "identity question", "reply": "reply", "service": "service",
        "optout_confirmation": "opt-out confirmation", "consent_request": "consent request", "call": "call",
    },
    verdicts={"allow": "Allowed", "defer": "Deferred", "deny": "Denied"},
    moments={"request": "when it was asked for", "retry": "when it was asked for again", "last_look": "right before sending"},
    roles={
        "owner": "their own", "guarantor": "guarantor", "representative": "representative",
        "accounts_payable": "accounts payable",
        "reference": "reference", "work": "work", "": "third party",
    },
    identities={
        "unknown": "identity not verified", "contacted": "identity asked for", "claimed": "identity claimed",
        "verified": "identity verified", "wrong_person": "belongs to another person",
    },
    consents={
        "granted": "Granted", "refused": "Refused", "revoked": "Revoked", "expired": "Expired",
        "imported_without_evidence": "Imported without proof (permits nothing)",
    },
    purposes={"collection": "collection", "service": "service", "marketing": "marketing"},
    evidence={
        "channel_whatsapp": "WhatsApp included", "collected_on": "Obtained on", "collector": "Who obtained it",
        "creditor_named": "Names the creditor", "purpose_includes_collection": "Includes collection",
        "source_document_hash": "Hash of the document", "wa_number": "WhatsApp number",
        "exact_wording": "Exact wording", "wording": "Exact wording", "wording_version": "Version of the wording",
        "collected_how": "How it was obtained", "how": "How", "collected_by": "Who obtained it",
        "recorded_by": "Recorded by",
        "document": "Document", "reference": "Reference", "when": "When", "on": "Date", "listed_on": "Listed since",
        "message": "Message", "said": "Asked for by", "link": "Link", "hash": "Hash of the document",
        "words": "Words",
        "synthetic": "Sample data", "number": "Number", "who": "Who", "authority": "Authority", "note": "Note",
    },
    values={
        "branch": "branch", "web": "web site", "app": "app", "signature": "signature", "paper": "paper",
        "synthetic": "sample data",
        "words": "their words", "button": "a button", "page": "the debtor's page", "contract": "contract",
        "call": "call", "letter": "letter", "email": "e-mail", "visit": "visit", "message": "message",
        "True": "yes", "False": "no",
    },
    read_in={
        "verified_primary": "the text of the law, read", "verified_secondary": "a publication that cites the law",
        "article": "published practice", "memory": "general knowledge, to be confirmed",
        "inference": "a careful reading of the law",
    },
    pack_states={
        "reviewed": "reviewed", "signed_off": "signed off by a lawyer of the country", "retired": "retired",
        "draft": "draft",
    },
    money={
        "charge": "charge", "payment": "payment", "credit": "credit note", "reversal": "reversal",
        "adjustment": "adjustment",
        "open": "open", "kept": "kept", "broken": "broken", "withdrawn": "withdrawn", "proposed": "proposed",
        "active": "active", "fulfilled": "fulfilled", "rejected": "rejected", "cancelled": "cancelled",
        "resolved": "resolved: the invoice stands", "accepted": "accepted: the debtor was right",
        "invoices": "Invoices", "payments": "Payments", "promises": "Promises to pay", "agreements": "Plans",
        "disputes": "Complaints and disputes", "instalment": "Instalment",
        "time_barred": "time-barred", "sued": "in court", "insolvency": "in insolvency",
    },
    methods={
        "bank_transfer": "bank transfer",
        "spei": "SPEI", "pse": "PSE", "bre_b": "Bre-B", "webpay": "Webpay", "yape": "Yape", "wallet": "wallet",
        "dispute": "for a complaint",
        "pix": "Pix", "clabe": "SPEI (CLABE)", "link": "payment link", "transfer": "transfer", "cash": "cash",
        "credit_note": "credit note", "discount": "discount",
        "negative_bill": "credit on the bill", "paid_before_import": "paid before the import",
        "card": "card", "boleto": "boleto", "other": "other",
    },
    disputes={
        "not_mine": "not theirs", "already_paid": "already paid", "wrong_amount": "the amount is wrong",
        "not_delivered": "what was bought never came", "cancelled": "the purchase was cancelled", "fraud": "fraud",
        "authority": "complaint to an authority", "other": "another reason",
    },
)  # fmt: skip

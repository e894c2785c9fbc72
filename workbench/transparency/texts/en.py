"""English."""

from __future__ import annotations

NAME = "English"


def words(country: str) -> dict[str, str]:
    """What things are called in a country."""
    return {**_USUAL, **_COUNTRIES.get(country, {})}


_USUAL = {
    "parts": "instalments", "part": "instalment", "tax_label": "Tax number", "letter": "Paid-off letter",
    "authority": "your country's consumer protection authority", "document": "identity document",
}  # fmt: skip
_COUNTRIES = {
    "BR": {"tax_label": "CNPJ", "authority": "your state's Procon, or consumidor.gov.br"},
    "MX": {"tax_label": "RFC", "authority": "Profeco (800 468 8722) or, for banks and lenders, Condusef (55 5340 0999)"},
    "CO": {"tax_label": "NIT", "authority": "the Superintendencia de Industria y Comercio"},
    "CL": {"tax_label": "RUT", "authority": "SERNAC (800 700 100)"},
    "AR": {"tax_label": "CUIT", "authority": "Defensa del Consumidor (0800 666 1518)"},
    "PE": {"tax_label": "RUC", "authority": "Indecopi (224 7777)"}, "EC": {"tax_label": "RUC"},
}  # fmt: skip

REASONS = {
    "not_mine": "I do not recognise this",
    "already_paid": "It is already paid",
    "wrong_amount": "The amount is not right",
    "not_delivered": "I did not get the product or service, or it was faulty",
    "cancelled": "I cancelled or returned it",
    "fraud": "Somebody used my data",
    "other": "Another reason",
}
CHANNELS = {
    "whatsapp": "WhatsApp", "sms": "text message", "email": "e-mail", "call": "call", "visit": "visit",
    "letter": "letter",
}  # fmt: skip
CLASSES = {
    "collection": "Reminder", "identity_probe": "Question to confirm your identity", "reply": "Answer",
    "service": "Notice of a payment or plan", "optout_confirmation": "Confirmation that we stop writing",
    "consent_request": "Question for your permission",
}  # fmt: skip
STATES = {
    "accepted": "sent", "sent": "sent", "delivered": "delivered", "read": "read", "uncertain": "not confirmed",
    "failed": "not delivered",
}  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PARTS_OF_DAY = {
    "any": "At any permitted hour", "morning": "In the morning, until 12:00",
    "afternoon": "In the afternoon, 12:00 to 18:00", "evening": "In the evening, from 18:00",
}  # fmt: skip

TEXTS = {
    "title": "Your account with {creditor}",
    "gate_tab": "Personal page",
    "hello": "Hello, {name}",
    "skip": "Skip to the content",
    "optional": "optional",
    "language": "Language",
    "close": "Close",
    "back_to_page": "Back to the page",
    "gate_title": "A personal page for {name}",
    "gate_from": "This link was sent to you by {organisation}.",
    "gate_why": (
        "What follows is private. To make sure that only you see it, please answer two short questions. We will not "
        "ask for passwords, verification codes or card numbers."
    ),
    "gate_step": "Question {step} of {steps}",
    "ask_document_last3": "What are the last 3 characters of your {document}?",
    "ask_birth_year": "In which year were you born?",
    "ask_city": "In which city is your address?",
    "ask_reference": "Which number stands on a recent document that your company received?",
    "gate_continue": "Continue",
    "gate_wrong_1": "That does not agree with what we have. One try is left.",
    "gate_wrong_2": "That does not agree with what we have. Two tries are left.",
    "gate_choose": "Choose one of the answers.",
    "not_me_title": "Not {name}?",
    "not_me_text": "Tell us and we will not write to this number again. We show you nobody else's data.",
    "not_me": "I am not {name}",
    "gate_nothing": (
        "We cannot confirm on this page who you are. Answer in the chat where you got the link, or contact "
        "{organisation}."
    ),
    "gate_check_title": "How do I know that it is genuine?",
    "gate_check": (
        "The address of this page begins with {site}. If in doubt, answer nothing here: look up the telephone of "
        "{organisation} yourself and ask. We write from {number} only."
    ),
    "gate_check_short": (
        "The address of this page begins with {site}. If in doubt, answer nothing here: look up the telephone of "
        "{organisation} yourself and ask."
    ),
    "gone_title": "Thank you for telling us",
    "gone_text": (
        "We noted that this number does not belong to the person we look for. We will not write here again, and this "
        "page shows no data any more. Please excuse the trouble."
    ),
    "locked_title": "This page has been closed",
    "locked_text": (
        "Three answers did not agree, so we show no data and have stopped writing to this number. If you are the "
        "person we look for, contact {organisation} for a new link."
    ),
    "balance": "Open balance",
    "due_late": "The oldest payment fell due on {day}, {days} days ago.",
    "due_late_one": "The oldest payment fell due yesterday, {day}.",
    "due_today": "The next payment is due today, {day}.",
    "due_ahead": "The next payment is due on {day}.",
    "as_of": "As told by {creditor} until {at}.",
    "nothing_open": "You owe {creditor} nothing. Thank you.",
    "all_disputed": "What is in dispute is not asked for while somebody looks at it.",
    "credit": "You have {amount} to your credit.",
    "state_agreement": "You are on a plan of {count} {parts}. The next payment is {amount}, due on {day}.",
    "state_agreement_done": "The {parts} of your plan are paid.",
    "state_promise": "You chose to pay {amount} on {day}. Until then we send no reminders.",
    "state_dispute": "Your dispute {reference} is being looked at: meanwhile that amount is not asked for.",
    "state_paid": "We are checking the payment that you told us of. Reminders are paused until {day}.",
    "state_stopped": "On {day} you asked us to send no more messages.",
    "actions": "What would you like to do?",
    "pay": "Pay",
    "pay_text": "Pay {amount} directly to {creditor}. The money does not pass through us.",
    "pay_text_own": "Pay {amount} directly into the account of {creditor}.",
    "pay_pix": "Show the Pix code",
    "pay_clabe": "Show the CLABE",
    "pay_link": "Show how to pay",
    "pay_until": "Valid until {day}",
    "plan": "Pay in {parts}",
    "plan_MX": "Pay in {parts}",
    "plan_text": "Choose a plan. It starts when you accept it; while you keep it there are no reminders of the debt.",
    "plan_option": "{count} {parts} of {each}",
    "plan_first": "The first is due on {day}, then one each month",
    "plan_first_MX": "The first is due on {day}, then one each month",
    "plan_dates": "Show all dates",
    "plan_total": "{amount} in total: what you owe today, without charges.",
    "plan_terms": (
        "If a payment is more than {days} days late the plan ends, and what is left is asked for again. What you paid "
        "always counts."
    ),
    "plan_accept": "I accept this plan",
    "plan_none": "For this amount somebody of our team makes the plan with you. Write to us under “Talk to a person”.",
    "plan_schedule": "Your plan",
    "paid_part": "paid",
    "date": "Choose another day to pay",
    "date_text": "If you need some days, choose when you will pay {amount}. Until then we send no reminders.",
    "date_label": "I will pay on",
    "date_button": "Confirm the day",
    "date_none": "Somebody of our team agrees on the day with you. Write to us under “Talk to a person”.",
    "paid": "I already paid",
    "paid_text": (
        "Send a photo or a PDF of the receipt if you have one. Reminders stop while somebody looks at it, until the "
        "next working day at the latest."
    ),
    "paid_file": "Receipt (photo or PDF, up to 5 MB)",
    "paid_note": "When and how you paid",
    "paid_button": "Send",
    "dispute": "I do not agree",
    "dispute_text": "If something is not right, tell us. You get a reference, and what is in dispute is not asked for.",
    "dispute_which": "What is it about?",
    "dispute_all": "The whole balance",
    "dispute_reason": "Reason",
    "dispute_detail": "Tell us what happened",
    "dispute_button": "Open the dispute",
    "talk": "Talk to a person",
    "talk_text": "Write your message and a person answers in the chat. We are there {hours}.",
    "talk_direct": "You can also contact {creditor} directly: {contact}.",
    "talk_message": "Your message",
    "talk_button": "Send the message",
    "invoices": "Where the balance comes from",
    "invoice": "Invoice {number}",
    "issued": "Issued",
    "due": "Due",
    "original": "Original amount",
    "adjusted": "Adjustments",
    "credited": "Discounts and credits",
    "paid_so_far": "Paid",
    "open": "Open",
    "late_by": "{days} days late",
    "late_by_one": "1 day late",
    "in_review": "in dispute",
    "no_costs": "We add neither interest nor collection costs to what {creditor} told us.",
    "who": "Who writes to you",
    "who_creditor": "Creditor",
    "who_legal": "Legal name",
    "who_address": "Address",
    "who_contact": "Contact",
    "who_agent": "Who collects",
    "who_mandate": "{organisation}, for {creditor}",
    "who_own": "{creditor} itself",
    "who_number": "WhatsApp number that we write from",
    "check": "How to check that it is genuine",
    "check_1": "The address of this page begins with {site}.",
    "check_2": "Compare the data above with your contract or your invoice.",
    "check_3": "Ask {creditor} by a way that you know already, not by one that came in a message.",
    "check_4": "Nobody will ask you for passwords, verification codes or card numbers.",
    "contact": "When and how we contact you",
    "budget_day": "Contacts today: {used}; at most {limit}.",
    "budget_days": "Contacts in {days} days: {used}; at most {limit}.",
    "budget_text": (
        "All messages of {organisation} about a debt count, those for other creditors too. At the limit the system "
        "lets nothing more be sent."
    ),
    "next": "The earliest that we could write to you: {moment}.",
    "next_now": "At this moment we could write to you.",
    "next_never": "No message about a debt can be sent to you now:",
    "hours": "Permitted hours",
    "hours_text": "The strictest of the law, good practice and the rules of {creditor}. Never on public holidays.",
    "range": "{start} to {end}",
    "no_hours": "no day",
    "and": "and",
    "day_to_day": "{first} to {last}",
    "preferred": "Your preferred hours",
    "preferred_text": "You can narrow the hours, never widen them. It holds for all that we send, our answers too.",
    "preferred_now": "Your preference holds now: {hours}.",
    "preferred_days": "Days",
    "preferred_part": "Time of day",
    "preferred_button": "Save my hours",
    "log": "Contacts so far",
    "log_text": "When and by which way, without the content.",
    "log_none": "We have not contacted you yet.",
    "consent": "Your permission",
    "consent_granted": "You permitted messages by {channel} on {day}.",
    "consent_how": "These were the words: “{how}”.",
    "consent_none": "There is no record of your permission to write to you by WhatsApp.",
    "consent_revoked": "You withdrew your permission for {channel} on {day}.",
    "consent_text": (
        "You can withdraw it whenever you like. From then on we send no reminders of {creditor} by WhatsApp. Your "
        "balance stays as it is."
    ),
    "consent_button": "Withdraw my permission",
    "left_many": "In the next 7 days we could still write to you {count} times at most.",
    "left_one": "In the next 7 days we could still write to you once at most.",
    "left_none": "In the next 7 days we cannot send you any more reminders.",
    "consent_refused": "You answered on {day} that you do not permit messages by {channel}. We will not ask again.",
    "grant_words": (
        "I authorise {creditor} to send me messages about my account by WhatsApp, to {address}, payment notices "
        "and reminders included. I can withdraw this at any time."
    ),
    "grant_text": "If you want to receive them by WhatsApp, this is what you permit:",
    "grant_button": "I give my permission",
    "channel_title": "How you prefer to be contacted",
    "channel_text": (
        "If you choose one way, we do not use the others. What you write to us is answered where you wrote it."
    ),
    "channel_now": "Your preference holds now: {channel}.",
    "channel_label": "Way",
    "channel_any": "Any that is permitted",
    "channel_button": "Save my choice",
    "did_allow": "We recorded your permission. You can withdraw it here at any time.",
    "did_channel": "We saved your preference: {channel}. What was about to leave another way was taken back.",
    "did_channel_any": "We removed your preference. Any permitted way will do.",
    "err_channel": "Choose one of the ways in the list.",
    "stop": "Stop messages",
    "stop_text": (
        "We will send no more messages by any electronic way, for none of the creditors of {organisation}. The balance "
        "stays: {creditor} keeps the ways that the law permits, like a letter."
    ),
    "stop_text_gate": "We will send no more messages to this number.",
    "stop_button": "I want no more messages",
    "resume_text": "If you changed your mind, you can get messages about your account again.",
    "resume_button": "Get messages again",
    "records": "Payments and receipts",
    "records_none": "No payments are recorded yet.",
    "payment_line": "Payment of {day}",
    "payment_credit": "Credit of {day}",
    "payment_reversed": "reversed",
    "receipt": "Show the receipt",
    "letter_link": "Show and print: {letter}",
    "rights": "Your rights",
    "rights_text": (
        "You have a right to be treated with respect, to know what is asked for and why, to disagree, and that your "
        "account is not spoken of with others. You can complain to {authority}."
    ),
    "shared_title": "Shared this link by mistake?",
    "shared_text": "Close it and nobody can open it any more. To come back, ask for a new one in the chat.",
    "shared_button": "Close this link",
    "lasts": "This link is for you only and works until {day}.",
    "print": "To print it or keep it as a PDF, use your browser's menu.",
    "receipt_title": "Receipt of payment",
    "receipt_text": "{creditor} received the payment below from {name}.",
    "receipt_amount": "Amount",
    "receipt_day": "Day of payment",
    "receipt_method": "Way of payment",
    "receipt_reference": "Reference",
    "receipt_for": "Counted for",
    "letter_text": (
        "This is to certify that {name} owes {creditor} nothing as of {day}. What is listed below is paid or cancelled "
        "in full."
    ),
    "letter_issued": "Issued on {at}",
    "letter_document": "Identity document ending in {digits}",
    "letter_settled": "Settled on",
    "letter_wait": "This document is available once the balance is zero.",
    "did_promise": "Noted: {amount} on {day}. Until that day we send no reminders.",
    "did_plan": (
        "Your plan is recorded: {count} {parts}, {amount} in total. The first payment is due on {day}. While you keep "
        "it there are no reminders of the debt; we only tell you before each date."
    ),
    "did_paid": (
        "Thank you. A person checks your payment, until the next working day at the latest. Reminders are paused; the "
        "law permits telling you the result."
    ),
    "did_dispute": (
        "We opened your dispute under the reference {reference}. That amount is not asked for while somebody looks at "
        "it; we write only to answer you."
    ),
    "did_talk": "We have your message. A person answers in the chat. We are there {hours}.",
    "did_stop": (
        "Done. We will send no more messages and took back those on their way. The law permits a single confirmation; "
        "this is yours. Your balance stays as it is."
    ),
    "did_stop_gate": "Done. We will send no more messages to this number.",
    "did_resume": "Done. You can get messages about your account again, within the permitted hours.",
    "did_consent": (
        "We withdrew your permission. We send no more reminders of {creditor} by WhatsApp. If you write to us we may "
        "answer."
    ),
    "did_hours": "We saved your hours: {hours}. What was planned outside of them waits until then.",
    "did_hours_all": "We removed your preference. The permitted hours hold.",
    "err_plan": "The balance changed since you opened the page. These are the options now.",
    "err_plan_choose": "Choose one of the plans.",
    "err_agreement": "You are on a plan already.",
    "err_date": "Choose one of the days in the list.",
    "err_nothing": "There is nothing left to pay.",
    "err_file_type": "That file is neither a photo nor a PDF. Send JPG, PNG, WebP, HEIC or PDF.",
    "err_file_size": "The file is larger than 5 MB. Send a smaller photo or a screenshot.",
    "err_file_none": "Add the receipt, or tell us when and how you paid.",
    "err_reason": "Choose the reason.",
    "err_invoice": "Choose what it is about.",
    "err_text": "Write your message.",
    "err_hours": "Those hours would leave none in which we may write. Choose more, or use “Stop messages”.",
    "err_nobody": "We could not deliver your message. Contact {creditor}: {contact}.",
    "err_other": "That is no longer possible. The page shows how your account stands now.",
    "busy_title": "Too many requests",
    "busy_text": "Wait a minute and try again. Nothing was lost.",
    "missing_title": "This link opens no page",
    "missing_text": "It is incomplete, has expired or was closed. Go back to the chat and open it again, or ask for another.",
    "cannot": "There is no such action on this page.",
}

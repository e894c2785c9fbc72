"""Channels, conversations, the words, and what becomes of each wish to send. See architecture.md, section 2."""

from messaging.models.channels import MessageTemplate, Number, WhatsAppAccount
from messaging.models.conversations import Attachment, Conversation, Message, ProviderMessage, StatusReport
from messaging.models.desk import Draft, Note, Presence, QuickReply, ReadMark
from messaging.models.opt_in import OptInLink
from messaging.models.sending import Outbound, SendRequest
from messaging.models.sequences import Enrolment, Sequence, SequenceVersion

__all__ = [
    "Attachment",
    "Conversation",
    "Draft",
    "Enrolment",
    "Message",
    "MessageTemplate",
    "Note",
    "Number",
    "OptInLink",
    "Outbound",
    "Presence",
    "ProviderMessage",
    "QuickReply",
    "ReadMark",
    "SendRequest",
    "Sequence",
    "SequenceVersion",
    "StatusReport",
    "WhatsAppAccount",
]

"""Organisations and their people; the unwalled tables that wake work; the event log. See architecture.md, section 5."""

from tenants.models.base import TenantModel, UnwalledModel
from tenants.models.events import AuditEntry, Event, EventCursor, EventManager, StagedEvent
from tenants.models.kept import KeptAnswer, TenantSecretKey, Upload, UploadPart
from tenants.models.people import ApiKey, Invitation, Membership, Tenant, User, UserManager
from tenants.models.work import InboundRoute, Job, Lane, RawInbound, Wake

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Event",
    "EventCursor",
    "EventManager",
    "InboundRoute",
    "Invitation",
    "Job",
    "KeptAnswer",
    "Lane",
    "Membership",
    "RawInbound",
    "StagedEvent",
    "Tenant",
    "TenantModel",
    "TenantSecretKey",
    "UnwalledModel",
    "Upload",
    "UploadPart",
    "User",
    "UserManager",
    "Wake",
]

"""Envelope encryption: a master key in the settings wraps one key per organisation, which seals its secrets.

A sealed value is text: "v1.<key id>.<base64 of nonce and ciphertext>", AES-256-GCM, with the tenant and the purpose
as associated data, so that a value moved to another row or another tenant does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import time
import uuid
from collections.abc import Sequence
from functools import partial

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction

from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants.models import TenantSecretKey
from tenants.scope import current_tenant_id

_NONCE = 12
#: Opened tenant keys of this process. Few and small: one per organisation that this process served.
_opened: dict[tuple[uuid.UUID, str], bytes] = {}
#: The newest key of each, and until when (monotonic seconds) it is taken for the newest.
_newest: dict[uuid.UUID, tuple[str, float]] = {}
_REMEMBER_SECONDS = 60.0


def _wrap(tenant_id: uuid.UUID, key: bytes) -> tuple[str, bytes]:
    master_id, master = next(iter(settings.MASTER_KEYS.items()))
    nonce = os.urandom(_NONCE)
    return master_id, nonce + AESGCM(master).encrypt(nonce, key, tenant_id.bytes)


def _key(key_id: str | None = None) -> tuple[str, bytes]:
    """The organisation's key of that id, or its newest; made on first use."""
    tenant_id = current_tenant_id()
    remembered, until = _newest.get(tenant_id, ("", 0.0))
    wanted = key_id or (remembered if time.monotonic() < until else None)
    if wanted is not None and (tenant_id, wanted) in _opened:
        return wanted, _opened[tenant_id, wanted]
    rows = list(TenantSecretKey.objects.filter(**({"key_id": key_id} if key_id else {})).order_by("-id"))
    if not rows:
        if key_id is not None:
            raise DomainError("secret_key_missing", "the key %(key)s of this organisation is gone", key=key_id)
        fresh, name = os.urandom(32), os.urandom(4).hex()
        master_id, wrapped = _wrap(tenant_id, fresh)
        TenantSecretKey.objects.create(key_id=name, master_id=master_id, wrapped=wrapped, created_at=machine_now())
        _opened[tenant_id, name] = fresh
        return name, fresh
    newest = rows[0].key_id
    known = _opened.get((tenant_id, newest))
    if known is None:
        known = _opened[tenant_id, newest] = _unwrap([row for row in rows if row.key_id == newest], tenant_id)
    if key_id is None:
        # After the commit only: a key whose row is rolled back must never seal anything.
        transaction.on_commit(partial(_newest.__setitem__, tenant_id, (newest, time.monotonic() + _REMEMBER_SECONDS)))
    return newest, known


def _unwrap(rows: Sequence[TenantSecretKey], tenant_id: uuid.UUID) -> bytes:
    """One tenant key, from whichever of its wrappings a known master key opens (the newest first)."""
    for row in rows:
        master = settings.MASTER_KEYS.get(row.master_id)
        if master is None:
            continue
        wrapped = bytes(row.wrapped)
        try:
            return AESGCM(master).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], tenant_id.bytes)
        except InvalidTag as error:
            raise DomainError(
                "master_key_wrong",
                "the key %(key)s in MASTER_KEYS is not the one that wrapped this organisation's key: put that back",
                key=row.master_id,
            ) from error
    raise DomainError(
        "master_key_missing", "MASTER_KEYS lacks the key %(key)s: add it to the environment", key=rows[0].master_id
    )


def rewrap() -> int:
    """Wrap every key of the current organisation with the newest master key too; returns how many were.

    After this has run for all organisations, the older master keys can be taken out of MASTER_KEYS. What is sealed
    stays as it is. The wrappings by older master keys stay too (the table is append-only) and open nothing without
    them.
    """
    tenant_id, newest = current_tenant_id(), next(iter(settings.MASTER_KEYS))
    by_key: dict[str, list[TenantSecretKey]] = {}
    for row in TenantSecretKey.objects.order_by("-id"):
        by_key.setdefault(row.key_id, []).append(row)
    stale = [rows for rows in by_key.values() if all(row.master_id != newest for row in rows)]
    # In their old order, so that the newest key stays the newest.
    for rows in sorted(stale, key=lambda rows: rows[-1].id):
        master_id, wrapped = _wrap(tenant_id, _unwrap(rows, tenant_id))
        TenantSecretKey.objects.create(
            key_id=rows[0].key_id, master_id=master_id, wrapped=wrapped, created_at=machine_now()
        )
    return len(stale)


def seal(plain: str, *, purpose: str) -> str:
    """Encrypt a text for the current organisation; '' stays ''."""
    if plain == "":
        return ""
    key_id, key = _key()
    nonce = os.urandom(_NONCE)
    bound = current_tenant_id().bytes + purpose.encode()
    return f"v1.{key_id}.{base64.b64encode(nonce + AESGCM(key).encrypt(nonce, plain.encode(), bound)).decode()}"


def unseal(sealed: str, *, purpose: str) -> str:
    """Decrypt what `seal` made for this organisation and purpose; raises DomainError `secret_unreadable`."""
    if sealed == "":
        return ""
    try:
        version, key_id, body = sealed.split(".", 2)
        raw = base64.b64decode(body, validate=True)
        if version != "v1":
            raise ValueError(version)
        _, key = _key(key_id)
        bound = current_tenant_id().bytes + purpose.encode()
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], bound).decode()
    except (ValueError, InvalidTag) as error:
        raise DomainError("secret_unreadable", "a sealed value does not open here: was it moved?") from error


def seal_bytes(plain: bytes, *, purpose: str) -> bytes:
    """Encrypt a piece of a file for the current organisation: "v1.<key id>." and then nonce and ciphertext."""
    key_id, key = _key()
    nonce = os.urandom(_NONCE)
    bound = current_tenant_id().bytes + purpose.encode()
    return f"v1.{key_id}.".encode() + nonce + AESGCM(key).encrypt(nonce, plain, bound)


def unseal_bytes(sealed: bytes, *, purpose: str) -> bytes:
    """Decrypt what `seal_bytes` made for this organisation and purpose; raises DomainError `secret_unreadable`."""
    try:
        version, key_id, raw = sealed.split(b".", 2)
        if version != b"v1":
            raise ValueError(version)
        _, key = _key(key_id.decode())
        bound = current_tenant_id().bytes + purpose.encode()
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], bound)
    except (ValueError, InvalidTag) as error:
        raise DomainError("secret_unreadable", "a sealed value does not open here: was it moved?") from error


def lookup_hash(kind: str, value: str) -> str:
    """Keyed hash of a canonical value inside the current organisation: equal values meet, nobody can guess them."""
    message = f"{kind}\x00{value}".encode()
    key = hmac.new(settings.LOOKUP_KEY, current_tenant_id().bytes, hashlib.sha256).digest()
    return hmac.new(key, message, hashlib.sha256).hexdigest()

"""Media: upload, the five-minute URL, download, delete."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from messaging.sandbox.agenda import MINUTE
from messaging.sandbox.doors import accounts_of, reply
from messaging.sandbox.errors import GraphError, no_such_object
from messaging.sandbox.sending import number_for
from messaging.sandbox.store import media_record
from messaging.sandbox.world import Media, Number, World

MEDIA_TYPES = {
    "image/jpeg": 5,
    "image/png": 5,
    "image/webp": 1,
    "video/mp4": 16,
    "video/3gp": 16,
    "audio/aac": 16,
    "audio/amr": 16,
    "audio/mpeg": 16,
    "audio/mp4": 16,
    "audio/ogg": 16,
    "text/plain": 100,
    "application/pdf": 100,
    "application/msword": 100,
    "application/vnd.ms-excel": 100,
    "application/vnd.ms-powerpoint": 100,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": 100,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": 100,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": 100,
}


async def upload(world: World, request: Request, number: Number) -> Response:
    """`POST /{phone}/media`; raises GraphError."""
    async with request.form(max_files=1) as form:
        upload, product = form.get("file"), form.get("messaging_product")
        if product != "whatsapp":
            raise GraphError(100, "The parameter messaging_product is required.")
        if upload is None or isinstance(upload, str):
            raise GraphError(100, "The parameter file is required.")
        data = await upload.read()
        declared, filename = form.get("type"), upload.filename or "file"
        given = declared if isinstance(declared, str) and declared else upload.content_type or ""
    mime_type = given.split(";")[0]
    if mime_type not in MEDIA_TYPES:
        known = ", ".join(MEDIA_TYPES)
        details = (
            f"Param file must be a file with one of the following types: {known}. Received file of type '{mime_type}'."
        )
        raise GraphError(100, details)
    most = MEDIA_TYPES[mime_type]
    if not data or len(data) > most * 1024 * 1024:
        raise GraphError(131053, f"The file has {len(data)} bytes; {mime_type} takes up to {most} MB")
    return reply({"id": keep_media(world, number.id, mime_type, filename, data, world.clock.now_us()).id})


def node(world: World, request: Request, accounts: set[str], media: Media) -> Response:
    """`GET` and `DELETE /{media}`; raises GraphError."""
    number_for(world, accounts, media.phone_id)
    if request.method == "DELETE":
        del world.media[media.id]
        world.journal.add("mx", media.id)
        world.journal.flush()
        return reply({"success": True})
    if request.method != "GET":
        raise no_such_object(media.id, request.method.lower())
    issued = world.clock.now_us()
    base, seal = str(request.base_url).rstrip("/"), _seal(world, media.id, issued)
    return reply(
        {
            "messaging_product": "whatsapp",
            "url": f"{base}/_media/{media.id}?issued={issued}&hash={seal}",
            "mime_type": media.mime_type,
            "sha256": hashlib.sha256(media.data).hexdigest(),
            "file_size": len(media.data),
            "id": media.id,
        }
    )


def _seal(world: World, media_id: str, issued: int) -> str:
    return hashlib.blake2b(f"{world.nonce}{media_id}{issued}".encode(), digest_size=12).hexdigest()


def download(world: World, request: Request) -> Response:
    """A media URL: the bearer token is needed, and it lives five minutes."""
    try:
        accounts = accounts_of(world, request)
        media = world.media.get(request.path_params["media_id"])
        issued = int(request.query_params.get("issued") or 0)
        good = media is not None and request.query_params.get("hash") == _seal(world, media.id, issued)
        if media is None or not good or world.clock.now_us() - issued > 5 * MINUTE:
            return reply({"error": {"message": "The URL has expired", "code": 100, "type": "OAuthException"}}, 404)
        number_for(world, accounts, media.phone_id)
    except GraphError as error:
        return reply(error.json(), error.status)
    return Response(media.data, media_type=media.mime_type)


def keep_media(world: World, phone_id: str, mime_type: str, filename: str, data: bytes, at_us: int) -> Media:
    """Store a file and give it an id."""
    media = Media(world.new_id("media"), mime_type, filename, data, at_us, phone_id)
    world.media[media.id] = media
    world.journal.add("md", *media_record(media))
    world.journal.add("id", "media", world.serials["media"])
    return media

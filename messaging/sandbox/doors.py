"""What every Cloud API endpoint needs: the token, the body, an answer in Graph's way, and the slammed door."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
from starlette.requests import Request
from starlette.responses import Response

from messaging.sandbox.errors import GraphError
from messaging.sandbox.world import World

DROP_CONNECTION = "sandbox.drop"


def reply(value: Any, status: int = 200) -> Response:
    """JSON as Graph sends it."""
    data = value if isinstance(value, bytes) else orjson.dumps(value)
    return Response(
        data,
        status_code=status,
        headers={"content-type": "application/json; charset=UTF-8", "facebook-api-version": "v26.0"},
    )


def accounts_of(world: World, request: Request) -> set[str]:
    """The accounts that the request's token may act for; raises GraphError 0 or 190."""
    header = request.headers.get("authorization", "")
    token = header[7:] if header.startswith("Bearer ") else request.query_params.get("access_token", "")
    if not token:
        raise GraphError(0, "An access token is required to request this resource.")
    accounts = world.by_token.get(token)
    if token in world.revoked:
        raise GraphError(
            190,
            "The session has been invalidated",
            subcode=460,
            message="Error validating access token: The session is invalid.",
        )
    if not accounts:
        world.count("bad_token")
        raise GraphError(190, "", message="Invalid OAuth access token - Cannot parse access token")
    return accounts


async def body_of(request: Request) -> tuple[bytes, Any]:
    """The raw body and its JSON (an encoded string is decoded once more); raises GraphError 100."""
    raw = await request.body()
    try:
        body = orjson.loads(raw) if raw else {}
        return raw, orjson.loads(body) if isinstance(body, str) else body
    except orjson.JSONDecodeError as error:
        raise GraphError(100, "The request body is not valid JSON") from error


def drop(request: Request) -> Response:
    """Close the socket without an answer, as far as the server can."""
    abort = request.scope.get("extensions", {}).get(DROP_CONNECTION)
    if abort is None:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    abort()
    return Response(status_code=500)

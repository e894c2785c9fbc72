"""Template endpoints: create, list, read, edit, delete; review comes by the sandbox's clock."""

from __future__ import annotations

import base64
from typing import Any

from messaging.sandbox.agenda import DAY, HOUR, SECOND
from messaging.sandbox.errors import GraphError, no_such_object
from messaging.sandbox.life import Life, decide_review
from messaging.sandbox.store import drop_template, put_template, template_record
from messaging.sandbox.templates import check_components, check_definition, component, review
from messaging.sandbox.world import Account, Template, World

TEMPLATES_MAX = 6000
CREATED_AN_HOUR = 100


def shown(template: Template, fields: str | None) -> dict[str, Any]:
    """A template node with the asked fields (all by default)."""
    node: dict[str, Any] = {
        "name": template.name,
        "parameter_format": template.parameter_format,
        "components": template.components,
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "id": template.id,
        "correct_category": template.correct_category,
        "previous_category": template.previous_category,
        "rejected_reason": template.rejected_reason,
        "quality_score": {"score": template.quality, "date": 1_760_000_000},
        "message_send_ttl_seconds": template.ttl_seconds,
        "sub_category": None,
        "library_template_name": None,
    }
    node = {name: value for name, value in node.items() if value is not None}
    if fields:
        wanted = {field.strip() for field in fields.split(",")} | {"id"}
        node = {name: value for name, value in node.items() if name in wanted}
    return node


def edge(life: Life, account: Account, method: str, body: Any, query: dict[str, str]) -> dict[str, Any]:
    """`/{waba}/message_templates`; raises GraphError."""
    if method == "POST":
        return create(life, account, body)
    if method == "GET":
        return listing(life.world, account, query)
    if method == "DELETE":
        return delete(life, account, query)
    raise no_such_object(account.id, method.lower())


def create(life: Life, account: Account, body: Any) -> dict[str, Any]:
    """A new template, pending until the review; `review.seconds` 0 decides at once."""
    world = life.world
    check_definition(body)
    name, language, now_us = body["name"], body["language"], world.clock.now_us()
    if (account.id, name, language) in world.template_names:
        raise GraphError(2388024, f"There is already content in {language} for the template {name}")
    mine = list(world.templates_of(account.id))
    if len(mine) >= account.option("limits", "templates", TEMPLATES_MAX):
        raise GraphError(2388019, "The account has reached its number of templates")
    if sum(1 for t in mine if t.edits and t.edits[0] > now_us - HOUR) >= account.option(
        "limits", "templates_an_hour", CREATED_AN_HOUR
    ):
        raise GraphError(80007, "Too many templates created within an hour")
    template = Template(
        id=world.new_id("template"),
        account_id=account.id,
        name=name,
        language=language,
        category=body["category"].upper(),
        status="PENDING",
        components=body["components"],
        parameter_format=str(body.get("parameter_format") or "POSITIONAL").upper(),
        ttl_seconds=body.get("message_send_ttl_seconds"),
        edits=[now_us],
    )
    send_for_review(life, account, template)
    return {"id": template.id, "status": template.status, "category": template.category}


def send_for_review(life: Life, account: Account, template: Template) -> None:
    """Let the reviewer decide now, and let it be known when the review takes its time."""
    world = life.world
    twin = next(
        (t.name for t in world.templates_of(account.id) if t.id != template.id and _same_words(t, template)), None
    )
    template.status, template.verdict = "PENDING", review(template.category, template.components, twin)
    if template.name in account.option("review", "reject", []):
        template.verdict = {"status": "REJECTED", "category": template.category, "reason": "INVALID_FORMAT"}
    template.category = template.verdict["category"]
    seconds = account.option("review", "seconds", 60)
    if not seconds:
        decide_review(template)
    put_template(world, template_record(template))
    world.journal.add("id", "template", world.serials.get("template", 0))
    world.journal.add("t", template_record(template))
    if seconds:
        life.plan(world.clock.now_us() + int(seconds * SECOND), template.name, "review", {"template_id": template.id})
    else:
        life.announce_template(template, world.clock.now_us(), template.status)
    world.journal.flush()


def _same_words(one: Template, other: Template) -> bool:
    def words(template: Template) -> tuple[Any, ...]:
        parts = [component(template.components, kind) or {} for kind in ("BODY", "FOOTER")]
        return (template.language, *[part.get("text") for part in parts])

    return one.status == "APPROVED" and one.name != other.name and words(one) == words(other)


def listing(world: World, account: Account, query: dict[str, str]) -> dict[str, Any]:
    """A page of templates with cursors and the summary that pywa insists on."""
    chosen = [t for t in world.templates_of(account.id) if _wanted(t, query)]
    limit = max(1, min(1000, int(query.get("limit") or 25)))
    start = int(base64.b64decode(query["after"]).decode()) if query.get("after") else 0
    if query.get("before"):
        start = max(0, int(base64.b64decode(query["before"]).decode()) - limit)
    page = chosen[start : start + limit]
    cursors = {"before": _cursor(start), "after": _cursor(start + len(page))}
    answer: dict[str, Any] = {"data": [shown(t, query.get("fields")) for t in page], "paging": {"cursors": cursors}}
    if start + limit < len(chosen):
        answer["paging"]["next"] = (
            f"https://graph.facebook.com/v26.0/{account.id}/message_templates?after={cursors['after']}&limit={limit}"
        )
    if start:
        answer["paging"]["previous"] = (
            f"https://graph.facebook.com/v26.0/{account.id}/message_templates?before={cursors['before']}&limit={limit}"
        )
    total = sum(1 for _ in world.templates_of(account.id))
    answer["summary"] = {
        "total_count": len(chosen),
        "message_template_count": total,
        "message_template_limit": account.option("limits", "templates", TEMPLATES_MAX),
        "are_translations_complete": True,
    }
    return answer


def _cursor(place: int) -> str:
    return base64.b64encode(str(place).encode()).decode()


def _wanted(template: Template, query: dict[str, str]) -> bool:
    for name in ("status", "category", "language", "name", "quality_score"):
        value = query.get(name)
        if value is None:
            continue
        have = template.quality if name == "quality_score" else str(getattr(template, name))
        wanted = [part.strip(" []\"'").lower() for part in value.split(",")]
        if name == "name":
            if wanted[0] not in have.lower():
                return False
        elif have.lower() not in wanted:
            return False
    return True


def delete(life: Life, account: Account, query: dict[str, str]) -> dict[str, Any]:
    """By name (every language), or one by `hsm_id` and name."""
    world, name = life.world, query.get("name")
    if not name:
        raise GraphError(100, "The parameter name is required.")
    gone = [t for t in world.templates_of(account.id) if t.name == name and query.get("hsm_id") in (None, t.id)]
    if not gone:
        raise GraphError(100, f"Message template {name} was not found", subcode=2593002)
    for template in gone:
        if template.status == "DISABLED":
            raise GraphError(2388039, "A disabled template cannot be deleted")
        drop_template(world, template.id)
        world.journal.add("tx", template.id)
    world.journal.flush()
    return {"success": True}


def node(
    life: Life, template: Template, method: str, edge_name: str, body: Any, query: dict[str, str]
) -> dict[str, Any]:
    """`GET` and `POST /{template}`, and `/unpause`; raises GraphError."""
    if method == "GET" and not edge_name:
        return shown(template, query.get("fields"))
    if method == "POST" and edge_name == "unpause":
        if template.status == "PAUSED":
            set_status(life, template, "APPROVED", event="REINSTATED")
            return {"success": True}
        return {"success": False, "reason": "The template is not paused"}
    if method == "POST" and not edge_name:
        return edit(life, template, body)
    raise no_such_object(template.id, method.lower())


def edit(life: Life, template: Template, body: Any) -> dict[str, Any]:
    """Replace components, category, format or time to live; goes back to review."""
    world, now_us = life.world, life.world.clock.now_us()
    if template.status not in ("APPROVED", "REJECTED", "PAUSED"):
        raise GraphError(2388039, f"A template that is {template.status} cannot be edited")
    category = str(body.get("category") or template.category).upper()
    if template.status == "APPROVED":
        if category != template.category:
            raise GraphError(2388039, "The category of an approved template cannot be edited")
        edits = [at for at in template.edits[1:] if at > now_us - 30 * DAY]
        if len(edits) >= 10 or (edits and edits[-1] > now_us - DAY):
            raise GraphError(2388039, "An approved template can be edited once in 24 hours and 10 times in 30 days")
    components = body.get("components", template.components)
    parameter_format = str(body.get("parameter_format") or template.parameter_format).upper()
    check_components(components, parameter_format)
    template.components, template.parameter_format, template.category = components, parameter_format, category
    template.ttl_seconds = body.get("message_send_ttl_seconds", template.ttl_seconds)
    template.edits.append(now_us)
    send_for_review(life, world.accounts[template.account_id], template)
    return {"success": True, "id": template.id, "name": template.name, "category": template.category}


def set_status(life: Life, template: Template, status: str, *, event: str | None = None, **more: Any) -> None:
    """Change a template's status and tell the business (the control API does this too)."""
    template.status = status
    life.world.journal.add("t", template_record(template))
    life.announce_template(template, life.world.clock.now_us(), event or status, **more)
    life.world.journal.flush()

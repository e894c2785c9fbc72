"""Addresses of the inbox, under /o/<slug>/inbox/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from workbench.inbox import actions, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.inbox, name="inbox"),
    path("next/", views.next_one, name="inbox-next"),
    path("<uuid:conversation_id>/", views.conversation, name="conversation"),
    path("<uuid:conversation_id>/thread/", views.thread, name="conversation-thread"),
    path("<uuid:conversation_id>/standing/", views.standing, name="conversation-standing"),
    path("<uuid:conversation_id>/panel/", views.panel, name="conversation-panel"),
    path("<uuid:conversation_id>/replies/", views.replies, name="conversation-replies"),
    path("<uuid:conversation_id>/check/", views.check, name="conversation-check"),
    path("<uuid:conversation_id>/send/", actions.send, name="conversation-send"),
    path("<uuid:conversation_id>/note/", actions.note, name="conversation-note"),
    path("<uuid:conversation_id>/draft/", actions.draft, name="conversation-draft"),
    path("<uuid:conversation_id>/seen/", actions.seen, name="conversation-seen"),
    path("<uuid:conversation_id>/presence/", actions.presence, name="conversation-presence"),
    path("<uuid:conversation_id>/assign/", actions.assign, name="conversation-assign"),
    path("<uuid:conversation_id>/transfer/", actions.transfer, name="conversation-transfer"),
    path("<uuid:conversation_id>/snooze/", actions.snooze, name="conversation-snooze"),
    path("<uuid:conversation_id>/wake/", actions.wake, name="conversation-wake"),
    path("<uuid:conversation_id>/close/", actions.close, name="conversation-close"),
    path("<uuid:conversation_id>/reopen/", actions.reopen, name="conversation-reopen"),
    path("<uuid:conversation_id>/hand-back/", actions.hand_back, name="conversation-hand-back"),
]

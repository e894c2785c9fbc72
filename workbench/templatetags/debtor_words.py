"""Codes in the reader's words, for the debtors' templates."""

from __future__ import annotations

from django import template

from workbench.debtors import words

register = template.Library()
register.filter("channel_name", words.channel)
register.filter("label_word", words.label)
register.filter("payment_method", words.payment_method)

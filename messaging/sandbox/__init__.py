"""A WhatsApp Cloud API that behaves like Meta's, with debtors who have personalities and a page that is their phone.

`create_app(Config(...))` is the ASGI app; `python -m messaging.sandbox --port N --state DIR --seed N` serves it.
"""

from messaging.sandbox.app import create_app
from messaging.sandbox.config import Config

__all__ = ["Config", "create_app"]

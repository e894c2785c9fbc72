"""What the web server runs."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

from collections_platform.memory import settle
from compliance.language import compiled

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collections_platform.settings")

application = get_asgi_application()
compiled()  # now, not at somebody's first message
settle()

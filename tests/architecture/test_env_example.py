"""`.env.example` names every setting, the compose file asks for none that it does not name, neither holds a value."""

import re
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).resolve().parents[2]
EXAMPLE = (TOP / ".env.example").read_text()
COMPOSE = (TOP / "docker-compose.yml").read_text()

READ_IN_SETTINGS = re.compile(r"""(?:env(?:\.\w+)?|_required)\(\s*["']([A-Z][A-Z0-9_]*)["']""")
NAMED_IN_EXAMPLE = re.compile(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
ASKED_IN_COMPOSE = re.compile(r"(?<!\$)\$\{([A-Z][A-Z0-9_]*)")

SETTINGS = set(READ_IN_SETTINGS.findall((TOP / "collections_platform" / "settings.py").read_text()))
NAMED = {name for name, _ in NAMED_IN_EXAMPLE.findall(EXAMPLE)}
REQUIRED = set(re.findall(r"\$\{([A-Z][A-Z0-9_]*):\?", COMPOSE))
OUTSIDE_SETTINGS = {"TRATO_DATA", "DATABASE_ADMIN_URL"}  # read by ./run


def test_the_pattern_finds_settings():
    assert {"SECRET_KEY", "MASTER_KEYS", "DATABASE_URL", "REDIS_URL"} <= SETTINGS


def test_every_setting_is_documented():
    assert set() == SETTINGS - NAMED


def test_nothing_is_documented_that_nobody_reads():
    assert NAMED - SETTINGS - set(ASKED_IN_COMPOSE.findall(COMPOSE)) - OUTSIDE_SETTINGS == set()


def test_what_compose_asks_for_is_documented():
    assert set(ASKED_IN_COMPOSE.findall(COMPOSE)) - NAMED == set()


def test_what_is_required_is_listed_open_and_empty():
    """A person fills in every line that stands there without a comment sign, and no secret is shipped."""
    open_lines = dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.MULTILINE))
    assert set(open_lines) == REQUIRED
    assert set(open_lines.values()) == {""}


@pytest.mark.parametrize("name", sorted(SETTINGS - {"DATABASE_OWNER_URL", "STATIC_ROOT"}))
def test_every_setting_reaches_the_containers(name):
    """The owner's address is for `migrate` alone, the static files' place is the image's own."""
    assert name in yaml.safe_load(COMPOSE)["x-settings"]

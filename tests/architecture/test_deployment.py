"""The compose file and the image keep their promises: no root, no secret, health checks, restarts, walls between."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {"migrate", "web", "worker", "retention", "beat", "sandbox"}
DOCKERFILE = (TOP / "Dockerfile").read_text()


def test_everything_is_there():
    assert SERVICES.keys() == OURS | {"proxy", "postgres", "redis"}
    assert SERVICES["sandbox"]["profiles"] == ["sandbox"]
    assert not any("profiles" in service for name, service in SERVICES.items() if name != "sandbox")


def test_ours_are_one_image():
    assert {SERVICES[name]["image"] for name in OURS} == {"trato:${TRATO_VERSION:-latest}"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_restarts_and_is_asked_for_its_health(name):
    service = SERVICES[name]
    if name == "migrate":  # ends when it is done
        assert service["restart"] == "on-failure"
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_ours_can_change_nothing(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_only_the_proxy_is_open_to_the_world():
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert name == "proxy" or port.startswith("127.0.0.1:")


def test_the_database_is_out_of_the_proxys_reach():
    assert COMPOSE["networks"]["data"] == {"internal": True}
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["data"]
    assert SERVICES["proxy"]["networks"] == ["outside"]


def test_the_owner_is_used_by_migrations_and_retention_alone():
    owners = {"migrate", "retention"}
    for name in OURS - owners:
        assert "DATABASE_OWNER_URL" not in SERVICES[name]["environment"]
    for name in owners:
        assert "trato_owner:" in SERVICES[name]["environment"]["DATABASE_OWNER_URL"]
    # Who may blank evidence does nothing else: no page, no webhook, no sending.
    assert "-Q retention " in " ".join(SERVICES["retention"]["command"])


def test_dependencies_and_volumes_exist():
    for service in SERVICES.values():
        assert service.get("depends_on", {}).keys() <= SERVICES.keys()
        assert set(service.get("networks", [])) <= COMPOSE["networks"].keys()
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (TOP / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]


def test_no_secret_has_a_default():
    text = (TOP / "docker-compose.yml").read_text()
    for name in re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|MASTER|LOOKUP)\w*)(?!:\?|\w)", text):
        pytest.fail(f"{name} has a default, or may be empty")


def test_the_image_does_not_run_as_root():
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert "HEALTHCHECK" in DOCKERFILE
    assert len(re.findall(r"^FROM ", DOCKERFILE, re.MULTILINE)) == 2


def test_the_image_holds_every_room():
    kept = set(re.findall(r"^!(.+)$", (TOP / ".dockerignore").read_text(), re.MULTILINE))
    rooms = {path.parent.name for path in TOP.glob("*/__init__.py")} - {"benchmarks", "tests"}
    assert rooms <= kept
    assert not kept & {".env", ".git", ".trato", ".venv", "tests"}

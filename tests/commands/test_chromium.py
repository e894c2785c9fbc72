"""Where the browser of the browser tests comes from."""

from __future__ import annotations

import pytest

from collections_platform.runner import chromium


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """A machine with nothing on it."""
    monkeypatch.delenv("TRATO_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "_downloaded", lambda: "")
    return tmp_path


def program(folder, name):
    path = folder / name
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    return str(path)


def test_the_named_one_is_taken(bare, monkeypatch):
    program(bare, "chromium")
    mine = program(bare, "mine")
    monkeypatch.setenv("TRATO_CHROMIUM", mine)
    assert chromium.find() == mine
    monkeypatch.setenv("TRATO_CHROMIUM", str(bare / "absent"))
    with pytest.raises(chromium.NoBrowser, match="TRATO_CHROMIUM"):
        chromium.bring()


@pytest.mark.parametrize("name", chromium.NAMES)
def test_one_on_the_path_is_found(name, bare):
    made = program(bare, name)
    assert chromium.find() == made


def test_what_was_downloaded_is_taken(monkeypatch):
    monkeypatch.setattr(chromium, "_downloaded", lambda: "/somewhere/chrome")
    assert chromium.find() == "/somewhere/chrome"


def test_what_is_missing_is_fetched_in_order_and_each_failure_told(bare, monkeypatch):
    tried = []

    def download():
        tried.append("download")
        return "no network"

    def package():
        tried.append("package")
        program(bare, "chromium")
        return ""

    monkeypatch.setattr(chromium, "_download", download)
    monkeypatch.setattr(chromium, "_install_package", package)
    assert chromium.bring() == str(bare / "chromium")
    assert tried == ["download", "package"]


def test_without_any_it_says_why(monkeypatch):
    monkeypatch.setattr(chromium, "_download", lambda: "no network")
    monkeypatch.setattr(chromium, "_install_package", lambda: "not root")
    with pytest.raises(chromium.NoBrowser, match=r"(?s)no network.*not root"):
        chromium.bring()


@pytest.mark.parametrize(("value", "must"), [("true", True), ("1", True), ("", False), ("false", False)])
def test_only_ci_insists(value, must, monkeypatch):
    monkeypatch.setenv("CI", value)
    assert chromium.required() is must

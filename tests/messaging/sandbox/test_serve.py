"""The sandbox as a process: a port, a state directory, and a kill in the middle of sending."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.messaging.sandbox.harness import ANA, DISPLAY, NUMBER, SECRET, TOKEN, WABA, text

ROOT = Path(__file__).parents[3]
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(directory: Path, *more: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    port = free_port()
    command = [sys.executable, "-m", "messaging.sandbox", "--port", str(port), "--state", str(directory), "--seed", "3"]
    command += more
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            for _ in range(200):
                try:
                    client.get("/_sandbox/clock")
                    break
                except httpx.ConnectError:
                    time.sleep(0.05)
            yield client, process
    finally:
        process.kill()
        process.wait()


def set_up(client: httpx.Client) -> None:
    number = {"id": NUMBER, "display_phone_number": DISPLAY}
    body = {
        "waba_id": WABA,
        "token": TOKEN,
        "app_secret": SECRET,
        "numbers": [number],
        "limits": {"throughput": 0, "pair": False},
    }
    assert client.post("/_sandbox/setup", json=body).status_code == 200
    assert client.post(f"/_sandbox/phone/{ANA}/say", json={"text": "hola"}).status_code == 200


def send(client: httpx.Client, data: str) -> httpx.Response:
    body = {"messaging_product": "whatsapp", "to": ANA, **text("hola", biz_opaque_callback_data=data)}
    return client.post(f"/v26.0/{NUMBER}/messages", json=body, headers=HEADERS)


def test_no_accepted_message_is_lost_by_a_kill_in_the_middle_of_sending(tmp_path):
    answered: list[str] = []
    with served(tmp_path) as (client, process):
        set_up(client)
        threading.Timer(0.7, process.kill).start()
        for n in range(100_000):
            try:
                if send(client, f"row:{n}").status_code == 200:
                    answered.append(f"row:{n}")
            except httpx.HTTPError:
                break
        assert len(answered) > 20
    with served(tmp_path) as (client, _):
        stored = []
        after: int | None = 0
        while after is not None:
            page = client.get(f"/_sandbox/messages?after={after}&limit=5000").json()
            stored += [m["callback_data"] for m in page["messages"]]
            after = page["next"]
        assert stored[: len(answered)] == answered
        assert len(stored) - len(answered) <= 1


def test_the_socket_is_closed_without_an_answer_when_asked(tmp_path):
    with served(tmp_path) as (client, _):
        set_up(client)
        client.post("/_sandbox/faults", json={"kind": "close"})
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            send(client, "row:1")
        assert client.get("/_sandbox/stats").json()["accepted"] == 1
        assert send(client, "row:2").status_code == 200


def test_it_stops_on_request_and_says_when_the_port_is_taken(tmp_path):
    with served(tmp_path) as (client, process):
        port = client.base_url.port
        command = [sys.executable, "-m", "messaging.sandbox", "--port", str(port)]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=20, check=False)
        assert second.returncode == 1
        assert b"did not start" in second.stderr
        assert b"Traceback" not in second.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_one_process_serves_several_sandboxes_that_know_nothing_of_each_other(tmp_path):
    port = free_port()
    with served(tmp_path / "a", "--also", f"{port}={tmp_path / 'b'}") as (client, _):
        set_up(client)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as other:
            other.post("/_sandbox/clock", json={"now": "2030-01-01T00:00:00Z"})
            assert other.get("/_sandbox/clock").json()["standing"] is True
            assert other.get(f"/v26.0/{NUMBER}", headers=HEADERS).status_code >= 400
        assert client.get("/_sandbox/clock").json()["standing"] is False

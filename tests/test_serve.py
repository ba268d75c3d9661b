"""The lab in a browser: who may come in, and that it paints there."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip("textual_serve")

import aiohttp
import browser
from aiohttp.test_utils import TestClient, TestServer

from infralab.tui.commands import main, serve
from infralab.tui.serve.gate import Gate, is_loopback
from infralab.tui.serve.server import LabServer

TOKEN = "a-token-of-the-tests"
PRESET = "photos-on-object-storage"
COMMAND = "exec " + shlex.join([sys.executable, "-m", "infralab.tui.serve.visitor", PRESET])


@pytest.fixture
async def client() -> AsyncIterator[TestClient]:
    async for made in served(Gate(TOKEN)):
        yield made


async def served(gate: Gate, visitors: int = 2) -> AsyncIterator[TestClient]:
    server = LabServer(COMMAND, "127.0.0.1", 0, gate, visitors)
    async with TestClient(TestServer(await server._make_app()), cookie_jar=aiohttp.CookieJar(unsafe=True)) as made:
        yield made
        for _ in range(100):  # the labs of visitors end before the loop that waits for them
            if not server.present:
                break
            await asyncio.sleep(0.1)


def origin(client: TestClient) -> str:
    return f"http://127.0.0.1:{client.port}"


def cookie(client: TestClient) -> dict[str, str]:
    return {"Cookie": f"infralab-{client.port}={TOKEN}"}


# --- who may come in --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js", "/own/page.js", "/download/x"])
async def test_nothing_is_served_without_the_token(client: TestClient, path: str) -> None:
    own = {"Origin": origin(client)}
    assert (await client.get(path, headers=own)).status == 401
    assert (await client.get(f"{path}?token=wrong", headers=own)).status == 401
    wrong = {"Cookie": f"infralab-{client.port}=wrong"}
    assert (await client.get(path, headers={**own, **wrong})).status == 401


async def test_the_address_with_the_token_lets_in_and_leaves_it_in_a_cookie_no_script_reads(
    client: TestClient,
) -> None:
    first = await client.get("/", params={"token": TOKEN})
    assert first.status == 200
    assert TOKEN not in await first.text()
    kept = first.headers["Set-Cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=Strict" in kept
    page = await client.get("/")
    assert page.status == 200
    assert "terminal" in await page.text()


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js"])
@pytest.mark.parametrize(
    "foreign", ["http://evil.example", "http://127.0.0.1:1", "null", "file://", "http://localhost"]
)
async def test_a_foreign_origin_is_refused_even_with_the_token(client: TestClient, path: str, foreign: str) -> None:
    assert (await client.get(path, headers={**cookie(client), "Origin": foreign})).status == 403
    assert (await client.get(f"{path}?token={TOKEN}", headers={"Origin": foreign})).status == 403


async def test_a_socket_from_a_foreign_page_or_from_none_is_refused(client: TestClient) -> None:
    for headers in ({"Origin": "http://evil.example"}, {}):
        with pytest.raises(aiohttp.WSServerHandshakeError) as error:
            await client.ws_connect("/ws", headers={**cookie(client), **headers})
        assert error.value.status == 403


async def test_a_name_that_was_bent_to_this_machine_is_refused(client: TestClient) -> None:
    rebound = {"Host": f"evil.example:{client.port}", "Origin": f"http://evil.example:{client.port}"}
    assert (await client.get("/", headers={**cookie(client), **rebound})).status == 403
    async for exposed in served(Gate(TOKEN, exposed=True)):  # there, names are what people give the machine
        named = {"Host": f"lab.example:{exposed.port}"}
        assert (await exposed.get("/", headers={**cookie(exposed), **named})).status == 200


async def test_what_a_foreign_page_embeds_is_refused_and_a_link_that_is_followed_is_not(client: TestClient) -> None:
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    assert (await client.get("/", headers={**cookie(client), **embedded})).status == 403
    assert (await client.get(f"/?token={TOKEN}", headers=followed)).status == 200


async def test_the_page_loads_nothing_from_outside(client: TestClient) -> None:
    page = await client.get("/", headers=cookie(client))
    text = await page.text()
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert f"ws://127.0.0.1:{client.port}/ws" in text
    own = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(own) >= 4
    for address in own:
        assert not re.match(r"[a-z]+://|//", address)
        if not address.startswith("data:"):
            found = await client.get(f"/{address}", headers=cookie(client))
            assert found.status == 200
            styles = await found.text() if address.endswith(".css") else ""
            for inner in re.findall(r'url\("([^"]+)"\)', styles):
                font = await client.get(f"/own/{inner}", headers=cookie(client))
                assert font.status == 200


async def test_a_visitor_gets_the_lab_and_too_many_are_told(tmp_path: Path) -> None:
    async for client in served(Gate(TOKEN), visitors=1):
        headers = {**cookie(client), "Origin": origin(client)}
        async with client.ws_connect("/ws?width=120&height=40", headers=headers) as visitor:
            painted = b""
            while b"photos" not in painted:
                message = await asyncio.wait_for(visitor.receive(), 60)
                assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
                painted += message.data if isinstance(message.data, bytes) else b""
            second = await client.get("/ws", headers=headers)
            assert second.status == 503


# --- the command ------------------------------------------------------------------------------------


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> list[LabServer]:
    """The servers that would have listened."""
    found: list[LabServer] = []
    monkeypatch.setattr(LabServer, "serve", lambda self, debug=False: found.append(self))
    return found


def test_by_default_only_this_machine_is_served_and_a_token_is_made(
    listening: list[LabServer], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", PRESET]) == 0
    assert main(["serve", PRESET]) == 0
    tokens = re.findall(r"http://127\.0\.0\.1:8000/\?token=(\S+)", capsys.readouterr().out)
    assert len(set(tokens)) == 2
    assert all(len(token) >= 32 for token in tokens)
    assert [server.gate.token for server in listening] == tokens
    assert all(is_loopback(server.host) and not server.gate.exposed for server in listening)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--host", "0.0.0.0"], "--expose"),
        (["--host", "::"], "--expose"),
        (["--host", "lab.example", "--token", TOKEN], "--expose"),
        (["--host", "0.0.0.0", "--expose"], "need a token"),
        (["--host", "0.0.0.0", "--expose", "--token", "short"], "at least 16"),
        (["--token", ""], "empty"),
        (["--token", "with space and & more"], "letters, digits"),
        (["--port", "0"], "from 1 to 65535"),
        (["--visitors", "0"], "from 1"),
        (["--theme", "drak"], "dark"),
        (["no-such-preset"], "no such file"),
    ],
)
def test_what_would_be_unsafe_or_wrong_is_refused(
    argv: list[str], said: str, listening: list[LabServer], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *argv]) == 2
    assert said in capsys.readouterr().err
    assert listening == []


def test_exposing_says_what_is_given_away(listening: list[LabServer], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", "0.0.0.0", "--port", "8100", "--expose", "--token", TOKEN]) == 0
    out = capsys.readouterr().out
    assert "EXPOSED" in out
    assert "files with your rights" in out
    assert "not encrypted" in out
    assert listening[0].gate == Gate(TOKEN, exposed=True)


def test_a_token_from_the_environment_is_not_handed_on(
    listening: list[LabServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(serve.TOKEN_VARIABLE, TOKEN)
    assert main(["serve"]) == 0
    assert listening[0].gate.token == TOKEN
    assert serve.TOKEN_VARIABLE not in os.environ  # visitors' processes inherit the rest


def test_a_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "--port chooses another" in capsys.readouterr().err


def test_without_textual_serve_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "infralab.tui.serve.server", None)
    assert main(["serve"]) == 2
    assert "infralab[serve]" in capsys.readouterr().err


# --- a real browser ---------------------------------------------------------------------------------


@pytest.mark.skipif(browser.executable() is None, reason="no Chromium here")
async def test_the_lab_paints_and_hears_keys_in_a_browser(client: TestClient, tmp_path: Path) -> None:
    async with browser.tab(tmp_path / "profile") as tab:
        await tab.go(f"{origin(client)}/?token={TOKEN}")
        await tab.until("document.body && document.body.classList.contains('-first-byte')")
        await asyncio.sleep(3)
        first = await tab.picture()
        assert len(first) > 60_000  # an empty page is a tenth of it
        await tab.type("?")
        for _ in range(50):
            await asyncio.sleep(0.2)
            if abs(len(await tab.picture()) - len(first)) > 5_000:
                break
        else:
            raise AssertionError("the help never opened")
        assert await tab.value("location.search") == ""  # the token is gone from the address
        assert "RobotoMono" in " ".join(tab.requests)
        assert [address for address in tab.requests if not address.startswith((origin(client), "data:"))] == []

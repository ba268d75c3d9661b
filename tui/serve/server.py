"""textual-serve behind the gate: own page, no address outside, and no more visitors than the machine bears."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.web_runner import GracefulExit
from textual_serve.server import Server, to_int

from infralab.tui.serve.gate import Gate

HERE = Path(__file__).parent
FONT_SIZE = (8, 40)  # smallest and largest that a visitor may ask for


class LabServer(Server):
    """Serves a command that runs a Textual app, a process for each visitor."""

    def __init__(self, command: str, host: str, port: int, gate: Gate, visitors: int, title: str = "InfraLab") -> None:
        super().__init__(command, host, port, title, templates_path=HERE)
        self.gate = gate
        self.visitors = visitors
        self.present = 0

    async def _make_app(self) -> web.Application:
        made = await super()._make_app()
        made.middlewares.append(self.gate.middleware())
        made.router.add_static("/own", HERE / "own")
        return made

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: the command has said where it listens."""

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page, with addresses of the host that was asked, whatever it is called from there."""
        import jinja2

        template = jinja2.Environment(autoescape=True).from_string((HERE / "page.html").read_text("utf-8"))
        least, most = FONT_SIZE
        size = min(max(to_int(request.query.get("fontsize", "16"), 16), least), most)
        scheme = "wss" if request.secure else "ws"
        context: dict[str, Any] = {
            "font_size": size,
            "app_websocket_url": f"{scheme}://{request.host}/ws",
            "config": {"static": {"url": "static/"}},
            "application": {"name": self.title},
        }
        return web.Response(text=template.render(context), content_type="text/html")

    async def handle_websocket(self, request: web.Request) -> web.StreamResponse:
        if self.present >= self.visitors:
            text = f"{self.visitors} visitors are here already; --visitors allows more\n"
            return web.Response(status=503, text=text)
        self.present += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self.present -= 1

    def serve(self, debug: bool = False) -> None:
        """Listen until Ctrl-C. Raises OSError where the port cannot be had."""
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)

        def leave() -> None:
            raise GracefulExit

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, leave)
        web.run_app(
            self._make_app(), host=self.host, port=self.port, handle_signals=False, loop=loop, print=None,
            access_log=None, shutdown_timeout=2.0,
        )  # fmt: skip

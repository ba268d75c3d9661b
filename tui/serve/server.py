"""textual-serve behind the gate: own page, no address outside, and no more visitors than the machine bears."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.web_runner import GracefulExit
from textual_serve.app_service import AppService
from textual_serve.server import Server, to_int

from infralab.tui.serve.gate import Gate

HERE = Path(__file__).parent
PATIENCE_SECONDS = 5.0  # a lab that was asked to end gets so long
FONT_SIZE = (8, 40)  # smallest and largest that a visitor may ask for


class Visitor(AppService):
    """The process of one visitor, which is gone once it was stopped."""

    async def stop(self) -> None:
        process = self._process
        if process is None:
            return
        with contextlib.suppress(asyncio.TimeoutError, ConnectionError):
            await asyncio.wait_for(super().stop(), PATIENCE_SECONDS)
        try:
            await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class LabServer(Server):
    """Serves a command that runs a Textual app, a process for each visitor."""

    def __init__(self, command: str, host: str, port: int, gate: Gate, visitors: int, title: str = "InfraLab") -> None:
        super().__init__(command, host, port, title, templates_path=HERE)
        self.gate = gate
        self.visitors = visitors
        self.present: set[Visitor] = set()
        self._endings: set[asyncio.Future[None]] = set()

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
        """A lab for as long as the socket is open; it ends with it, however it ends."""
        if len(self.present) >= self.visitors:
            text = f"{self.visitors} visitors are here already; --visitors allows more\n"
            return web.Response(status=503, text=text)
        socket = web.WebSocketResponse(heartbeat=15)
        visitor = Visitor(
            self.command,
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=socket.close,
            download_manager=self.download_manager,
        )
        self.present.add(visitor)
        width, height = (to_int(request.query.get(name, ""), size) for name, size in (("width", 80), ("height", 24)))
        try:
            await socket.prepare(request)
            await visitor.start(width, height)
            await self._process_messages(socket, visitor)
        except (ValueError, TypeError, LookupError, AssertionError, ConnectionError):
            pass  # what a page of ours would not send, or a line that broke
        finally:
            # A dropped line cancels this handler; the process is waited for all the same.
            ending = asyncio.ensure_future(self._end(visitor))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
            await asyncio.shield(ending)
        return socket

    async def _end(self, visitor: Visitor) -> None:
        try:
            await visitor.stop()
            await visitor.remote_close()
        finally:
            self.present.discard(visitor)

    async def on_shutdown(self, app: web.Application) -> None:
        """Every visitor's lab ends with the server."""
        await asyncio.gather(*map(self._end, list(self.present)), *self._endings, return_exceptions=True)

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

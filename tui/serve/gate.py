"""Who may use a served lab: the right host name, no foreign page, and the token.

The lab runs with the rights of the person who serves it, so every request passes here first. A browser
sends cookies along with what foreign pages ask for: that is why the Origin counts as well as the token.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

COOKIE = "infralab"
WEEK_SECONDS = 7 * 24 * 3600
LOOPBACK_NAMES = ("localhost", "ip6-localhost")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ENTRANCE = '<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=./"><title>InfraLab</title>'
HEADERS = {
    # The page, its script, its font and its socket come from here; nothing comes from elsewhere.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine alone."""
    if host.lower() in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Gate:
    """`exposed`: listens beyond loopback, so that any host name may be the right one."""

    token: str
    exposed: bool = False

    def middleware(self) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
        @web.middleware
        async def pass_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            refusal = self.refusal(request)
            if refusal:
                return web.Response(status=403, text=refusal + "\n", headers=HEADERS)
            given = request.query.get("token")
            if given is not None:
                return self._let_in(request) if self._is_token(given) else self._wrong()
            if not self._is_token(request.cookies.get(self._cookie(request), "")):
                return self._wrong()
            response = await handler(request)
            if not response.prepared:
                response.headers.update(HEADERS)
            return response

        return pass_gate

    def refusal(self, request: web.Request) -> str:
        """Why a request is refused whoever makes it; "" when it is not."""
        host = _name(f"//{request.host}")
        if not self.exposed and not is_loopback(host):
            return f"This lab answers on this machine only, not as {host or 'an unnamed host'}."  # DNS rebinding
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
            return "A page from elsewhere may not use this lab."
        if (
            request.headers.get("Sec-Fetch-Site") == "cross-site"
            and request.headers.get("Sec-Fetch-Dest") != "document"
        ):
            return "A page from elsewhere may not use this lab."
        if origin is None and request.headers.get("Upgrade", "").lower() == "websocket":
            return "A socket has to say which page it belongs to."
        return ""

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode("utf-8"))

    @staticmethod
    def _cookie(request: web.Request) -> str:
        """Its name: cookies are shared by all ports of a host, the labs on them are not."""
        port = urlsplit(f"//{request.host}").port or 80
        return f"{COOKIE}-{port}"

    def _let_in(self, request: web.Request) -> web.Response:
        """Keep the token in a cookie that no script can read, and take it out of the address."""
        # A page that goes on by itself, no redirect: after one, a strict cookie is held back where the address
        # was followed from another site, such as a chat.
        response = web.Response(text=ENTRANCE, content_type="text/html", headers=HEADERS)
        response.set_cookie(
            self._cookie(request), self.token, max_age=WEEK_SECONDS, httponly=True, samesite="Strict",
            secure=request.secure, path="/",
        )  # fmt: skip
        return response

    @staticmethod
    def _wrong() -> web.Response:
        text = "This lab needs its token: open the whole address that `infralab serve` printed.\n"
        return web.Response(status=401, text=text, headers=HEADERS)


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""

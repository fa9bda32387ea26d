"""Replies: status, headers and body of an answer, before any framework sees it. Light."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from chalicelib.domain.rate_limits import Standing

_TOO_MANY_REQUESTS = 429
_FIRST_SERVER_ERROR = 500
#: On every answer: none may be kept by a cache, guessed at by a browser, or told where it came from.
SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
}


class Reply(NamedTuple):
    """An answer; *body* is text, already serialized."""

    status: int
    headers: dict[str, str]
    body: str

    def with_headers(self, **more: str) -> Reply:
        """Add headers; an underscore in a name stands for a dash."""
        return self._replace(headers={**self.headers, **{name.replace("_", "-"): more[name] for name in more}})

    def with_standing(self, standing: Standing | None) -> Reply:
        """Tell the user how it stands, if its requests are counted; a refusal by another limit tells of that one."""
        return self if standing is None else self._replace(headers={**standing.headers(), **self.headers})

    @property
    def is_repeatable(self) -> bool:
        """Tell whether a repeated request gets this answer again: it succeeded, or the caller must change it."""
        return self.status < _FIRST_SERVER_ERROR and self.status != _TOO_MANY_REQUESTS

    def sealed(self, trace_id: str) -> Reply:
        """Add what every answer carries."""
        return self._replace(headers={**SAFE_HEADERS, **self.headers, "X-Trace-Id": trace_id})

"""One HTTP exchange with the API: token, idempotency key, retries that are safe, and problems as errors."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from hotswap.advice import advice_for
from hotswap.errors import ApiError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hotswap.clock import Clock

ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 20.0
CHUNK_BYTES = 256 * 1024
_RETRIED_STATUSES = frozenset({429, 503})
_CONFLICT = 409
_UNAUTHORIZED = 401
_FIRST_ERROR_STATUS = 400


class TokenSource(Protocol):
    """Gives the token of a request, renewed when it is about to end."""

    def token(self) -> str:
        """Give a token that is good for at least a few seconds."""
        ...

    def renew(self) -> str | None:
        """Get another token after the API refused this one; None when that is not possible."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as an observer sees it."""

    method: str
    path: str
    status: int
    duration_ms: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, the JSON document (empty when there is no body), headers."""

    status: int
    document: dict[str, Any]
    headers: Mapping[str, str]


class Transport:
    """
    Speaks with one API as one user.

    Each POST carries an ``Idempotency-Key`` that stays the same over its retries, so that a request whose
    answer was lost is never carried out twice.
    """

    def __init__(
        self,
        api_url: str,
        *,
        clock: Clock,
        tokens: TokenSource | None = None,
        http: httpx.BaseTransport | None = None,
        timeout_seconds: float = 30.0,
        observe: Callable[[Exchange], None] | None = None,
    ) -> None:
        """Prepare to speak with *api_url* (ends with ``/api/v1``); nothing is sent yet."""
        self.api_url = api_url.rstrip("/")
        self.observe = observe
        self._clock = clock
        self._tokens = tokens
        self._http = httpx.Client(transport=http, timeout=timeout_seconds, follow_redirects=False)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        validate_only: bool = False,
        anonymous: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """
        Send a request and read the answer; *path* follows the API's address unless it is one itself.

        Repeats it after a lost connection, 429 and 503, at most four times in all.

        Raises:
            ApiError: The API answered with a problem.
            UnreachableError: No answer came.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        if method == "POST":
            sent["Idempotency-Key"] = str(uuid.uuid4())
        params = {name: value for name, value in (query or {}).items() if value is not None}
        if validate_only:
            params["validateOnly"] = "true"
        request = self._http.build_request(
            method, path if "://" in path else f"{self.api_url}{path}", params=params, json=body, headers=sent
        )
        return self._read(self._send_with_retries(request, path) if anonymous else self._send_authorized(request, path))

    def download(self, path: str, *, query: Mapping[str, Any]) -> httpx.Response:
        """
        Read what is a text and no document, as `request` reads documents.

        Raises:
            ApiError: The API answered with a problem.
            UnreachableError: No answer came.
        """
        params = {name: value for name, value in query.items() if value is not None}
        request = self._http.build_request("GET", f"{self.api_url}{path}", params=params)
        response = self._send_authorized(request, path)
        if response.status_code >= _FIRST_ERROR_STATUS:
            self._read(response)
        return response

    def upload(
        self,
        method: str,
        url: str,
        content: bytes,
        headers: Mapping[str, str],
        progress: Callable[[int], None],
    ) -> httpx.Response:
        """Send *content* to a presigned *url*, without our token; *progress* hears of the bytes sent."""

        def chunks() -> Iterator[bytes]:
            for start in range(0, len(content), CHUNK_BYTES):
                chunk = content[start : start + CHUNK_BYTES]
                yield chunk
                progress(start + len(chunk))

        def build() -> httpx.Request:
            sent = {**headers, "Content-Length": str(len(content))}
            return self._http.build_request(method, url, content=chunks(), headers=sent, timeout=300.0)

        for attempt in range(1, ATTEMPTS + 1):
            started = self._clock.elapsed_seconds()
            try:
                response = self._http.send(build())
            except httpx.TransportError as error:
                if attempt == ATTEMPTS:
                    raise self._unreachable(url, error) from error
            else:
                self._tell(method, "upload.url", response.status_code, started)
                if response.status_code not in {500, 502, 503, 504} or attempt == ATTEMPTS:
                    return response
            self._clock.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        raise AssertionError  # pragma: no cover (the last attempt returns or raises)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _send_authorized(self, request: httpx.Request, path: str) -> httpx.Response:
        if self._tokens is not None:
            request.headers["Authorization"] = f"Bearer {self._tokens.token()}"
        response = self._send_with_retries(request, path)
        if response.status_code == _UNAUTHORIZED and self._tokens is not None:
            renewed = self._tokens.renew()
            if renewed is not None:
                request.headers["Authorization"] = f"Bearer {renewed}"
                response = self._send_with_retries(request, path)
        return response

    def _send_with_retries(self, request: httpx.Request, path: str) -> httpx.Response:
        for attempt in range(1, ATTEMPTS + 1):
            started = self._clock.elapsed_seconds()
            try:
                response = self._http.send(request)
            except httpx.TransportError as error:
                if attempt == ATTEMPTS:
                    raise self._unreachable(self.api_url, error) from error
                self._clock.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
                continue
            self._tell(request.method, path, response.status_code, started)
            # A 409 to a repeated POST may only mean that the first one is still being worked on.
            is_in_flight = response.status_code == _CONFLICT and attempt > 1 and request.method == "POST"
            is_retried = response.status_code in _RETRIED_STATUSES or is_in_flight
            pause_seconds = _pause_seconds(response, attempt)
            if attempt == ATTEMPTS or not is_retried or pause_seconds > LONGEST_PAUSE_SECONDS:
                return response
            self._clock.sleep(pause_seconds)
        raise AssertionError  # pragma: no cover (the last attempt returns or raises)

    def _tell(self, method: str, path: str, status: int, started_seconds: float) -> None:
        if self.observe is not None:
            self.observe(Exchange(method, path, status, (self._clock.elapsed_seconds() - started_seconds) * 1000))

    def _read(self, response: httpx.Response) -> Answer:
        document = _document_of(response)
        if response.status_code >= _FIRST_ERROR_STATUS:
            raise ApiError(
                document,
                status=response.status_code,
                fix=advice_for(response.status_code, retry_after=response.headers.get("Retry-After")),
            )

        return Answer(response.status_code, document, dict(response.headers))

    def _unreachable(self, url: str, error: httpx.TransportError) -> UnreachableError:
        # Only scheme, host and port: a presigned URL carries its signature in the query.
        parts = httpx.URL(url)
        place = f"{parts.scheme}://{parts.netloc.decode()}"
        if isinstance(error, httpx.TimeoutException):
            return UnreachableError(
                f"{place} did not answer in time.",
                fix="see how the stack is with `hotswap status`, then try again",
            )
        return UnreachableError(
            f"Nothing answers at {place} ({error}).",
            fix="start the local stack with `hotswap up`, or set HOTSWAP_API_URL to your API",
        )


def _document_of(response: httpx.Response) -> dict[str, Any]:
    if not response.content:
        return {}
    try:
        document = response.json()
    except json.JSONDecodeError:
        return {"detail": f"The API answered {response.status_code} with something that is not JSON."}
    if isinstance(document, dict):
        # API Gateway itself answers {"message": …} before a request reaches HotSwap.
        if "message" in document and "detail" not in document and response.status_code >= _FIRST_ERROR_STATUS:
            return {**document, "detail": document["message"]}
        return document

    return {"items": document}


def _pause_seconds(response: httpx.Response, attempt: int) -> float:
    asked = response.headers.get("Retry-After", "")
    if asked.isdigit():
        return float(asked)

    return float(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))

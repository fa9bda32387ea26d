"""The typed Python client of the HotSwap API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from hotswap.clock import Clock, SystemClock
from hotswap.resources.approvals import Approvals, Policies
from hotswap.resources.audit import Audit
from hotswap.resources.deployments import Deployments
from hotswap.resources.diagnoses import Doctor
from hotswap.resources.effective import Effectives
from hotswap.resources.installations import Installations
from hotswap.resources.invocations import Invocations
from hotswap.resources.keys import Keys
from hotswap.resources.overrides import Overrides
from hotswap.resources.plugins import Plugins
from hotswap.resources.reading import Document
from hotswap.resources.rings import Rings
from hotswap.resources.tenants import Tenants
from hotswap.resources.users import Authentication
from hotswap.resources.versions import Upload, Versions
from hotswap.transport import Exchange, TokenSource, Transport

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A token that somebody else looks after, as from HOTSWAP_TOKEN."""

    value: str

    def token(self) -> str:
        """Give the token."""
        return self.value

    def renew(self) -> str | None:
        """Say that there is no other."""
        return None


class HotSwapClient:
    """
    Everything that the HotSwap API offers, by concept.

    Every method returns a frozen value whose ``raw`` is the API's own document, and raises
    `hotswap.errors.ApiError` when the API refuses, `hotswap.errors.UnreachableError` when it is silent.

        with HotSwapClient("https://…/api/v1", tokens="eyJ…") as client:
            answer = client.invocations.invoke(
                "payment-processor-stripe", "charge", tenant_id="acme", payload={"amount": 4200}
            )
    """

    def __init__(
        self,
        api_url: str,
        *,
        tokens: TokenSource | str | None = None,
        clock: Clock | None = None,
        http: httpx.BaseTransport | None = None,
        timeout_seconds: float = 30.0,
        observe: Callable[[Exchange], None] | None = None,
    ) -> None:
        """Prepare to speak with the API at *api_url*; *tokens* is a JWT or what gives one."""
        self._transport = Transport(
            api_url,
            clock=clock or SystemClock(),
            tokens=FixedToken(tokens) if isinstance(tokens, str) else tokens,
            http=http,
            timeout_seconds=timeout_seconds,
            observe=observe,
        )
        self.authentication = Authentication(self._transport)
        self.plugins = Plugins(self._transport)
        self.audit = Audit(self._transport)
        self.versions = Versions(self._transport)
        self.deployments = Deployments(self._transport)
        self.approvals = Approvals(self._transport)
        self.policies = Policies(self._transport)
        self.doctor = Doctor(self._transport)
        self.keys = Keys(self._transport)
        self.tenants = Tenants(self._transport)
        self.rings = Rings(self._transport)
        self.installations = Installations(self._transport)
        self.invocations = Invocations(self._transport)
        self.effective = Effectives(self._transport)
        self.overrides = Overrides(self._transport)

    @property
    def api_url(self) -> str:
        """The address that requests go to."""
        return self._transport.api_url

    def upload(self, upload: Upload, content: bytes, progress: Callable[[int], None]) -> httpx.Response:
        """Send a package to where a new version said; *progress* hears of the bytes sent so far."""
        return self._transport.upload(upload.method, upload.url, content, upload.headers, progress)

    def health(self) -> Document:
        """Ask the API whether it is well; needs no token."""
        address = self.api_url.removesuffix("/v1") + "/health"

        return self._transport.request("GET", address, anonymous=True).document

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def __enter__(self) -> Self:
        """Use the client as a context that closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the client."""
        self.close()

"""Verdicts as they were given: added, listed, and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.domain.given_verdicts import GivenVerdict
    from chalicelib.domain.pages import Page, PageRequest


class VerdictRepository(Protocol):
    """Verdicts; one that something follows from is written with that (`DeploymentRepository.commit`)."""

    def append(self, given: GivenVerdict) -> None:
        """
        Add a verdict that nothing follows from; the same again changes nothing.

        Raises:
            TransientError: The table throttles or is unreachable.
        """

    def page(self, deployment_id: str, request: PageRequest) -> Page[GivenVerdict]:
        """List the verdicts on a deployment, newest first, strongly consistent."""

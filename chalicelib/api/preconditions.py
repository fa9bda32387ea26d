"""Preconditions: which state a change is meant for, from the header ``If-Match``."""

from __future__ import annotations

import re

from chalicelib.domain.errors import PreconditionFailedError, PreconditionRequiredError

_ETAG = re.compile(r'"(\d{1,15})"')
_FIX = "GET it first, and send its ETag as If-Match."


def revision_of(if_match: str | None) -> int | None:
    """
    Read the revision that the caller has seen; None means any (``*``).

    Raises:
        PreconditionRequiredError: The header is missing (428).
        PreconditionFailedError: It is no ETag of ours, so it can match nothing (412).
    """
    if if_match is None or not if_match.strip():
        raise PreconditionRequiredError("The header If-Match is missing: say which state you change.", fix=_FIX)
    if if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise PreconditionFailedError("If-Match names no state that this ever had.", fix=_FIX)
    return int(found[1])

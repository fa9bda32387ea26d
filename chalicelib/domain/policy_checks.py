"""What a policy may say: a rule that nobody could fulfil is refused when it is set, not when it is needed."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from chalicelib.domain.authorization import PERMISSIONS
from chalicelib.domain.errors import FieldError, ValidationError
from chalicelib.domain.ids import Environment
from chalicelib.domain.windows import MIDNIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.policies import ApprovalRule, EnvironmentPolicy
    from chalicelib.domain.windows import Freeze, Window

MAX_NEEDED = 10
MAX_EXCLUDED = 50
MAX_WINDOWS = 20
MAX_FREEZES = 50
MAX_REASON_LENGTH = 200
MIN_APPROVAL_SECONDS = 60
#: An escalated approval takes this twice, and the machine waits for 30 days.
MAX_APPROVAL_SECONDS = 14 * 86_400

_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_CLOCK_FIX = 'Send hours and minutes: "09:00"; only `until` may be "24:00".'


def check_policy(policy: EnvironmentPolicy) -> EnvironmentPolicy:
    """
    Return *policy* if it may be set.

    Raises:
        ValidationError: Something in it can't be; all of that is told at once (400).
    """
    errors = (*_of_rule(policy.approvals), *_of_lists(policy))
    if policy.has_ladder and policy.environment is Environment.DEVELOPMENT:
        fix = "Send false: every version begins in Development."
        errors = (*errors, FieldError("/ladder", "Nothing is below Development.", fix))
    if len(policy.stop_the_line) > MAX_REASON_LENGTH:
        errors = (*errors, FieldError("/stopTheLine", "It is too long.", f"Use at most {MAX_REASON_LENGTH} letters."))
    if errors:
        raise ValidationError("That can't be a policy.", fix=errors[0].fix, errors=errors)
    return policy


def _of_rule(rule: ApprovalRule) -> Iterator[FieldError]:
    if not 0 <= rule.needed <= MAX_NEEDED:
        yield FieldError("/approvals/needed", "It is out of range.", f"Send 0 to {MAX_NEEDED}.")
    # One table decides who may approve at all; a policy chooses among them.
    able = sorted(PERMISSIONS["approve_approval"])
    for place, role in enumerate(rule.roles):
        if role not in able:
            yield FieldError(f"/approvals/roles/{place}", "That role may not approve.", f"Use {' or '.join(able)}.")
    if not rule.roles:
        yield FieldError("/approvals/roles", "Nobody could approve.", f"Send {' or '.join(able)}.")
    if len(rule.excluded) > MAX_EXCLUDED or not all(name.strip() for name in rule.excluded):
        yield FieldError("/approvals/excluded", "These can't be them.", f"Send at most {MAX_EXCLUDED} user names.")
    if not MIN_APPROVAL_SECONDS <= rule.seconds <= MAX_APPROVAL_SECONDS:
        yield FieldError("/approvals/timeout", "It is out of range.", "Send PT1M to P14D, such as PT48H.")


def _of_lists(policy: EnvironmentPolicy) -> Iterator[FieldError]:
    if len(policy.windows) > MAX_WINDOWS:
        yield FieldError("/windows", "These are too many.", f"Send at most {MAX_WINDOWS}.")
    if len(policy.freezes) > MAX_FREEZES:
        yield FieldError("/freezes", "These are too many.", f"Send at most {MAX_FREEZES}.")
    for place, window in enumerate(policy.windows):
        yield from _of_window(window, f"/windows/{place}")
    for place, freeze in enumerate(policy.freezes):
        yield from _of_freeze(freeze, f"/freezes/{place}")


def _of_window(window: Window, at: str) -> Iterator[FieldError]:
    if not window.weekdays or not set(window.weekdays) <= set(range(7)):
        yield FieldError(f"{at}/weekdays", "It begins on no day.", "Send one to seven of Mon to Sun.")
    for name, clock, is_end in (("begins", window.begins, False), ("until", window.until, True)):
        if not _CLOCK.fullmatch(clock) and not (is_end and clock == MIDNIGHT):
            yield FieldError(f"{at}/{name}", "It is no time of day.", _CLOCK_FIX)
    if window.begins == window.until:
        yield FieldError(f"{at}/until", "It ends as it begins.", 'Send "00:00" and "24:00" for whole days.')
    if not _is_zone(window.time_zone):
        fix = "Use a name of the IANA time zone database: UTC, Europe/Berlin, America/New_York."
        yield FieldError(f"{at}/timeZone", "There is no such time zone.", fix)


def _of_freeze(freeze: Freeze, at: str) -> Iterator[FieldError]:
    moments = [_moment(freeze.begins), _moment(freeze.ends)]
    for name, moment in zip(("begins", "ends"), moments, strict=True):
        if moment is None:
            yield FieldError(f"{at}/{name}", "It is no moment.", "Send RFC 3339: 2026-12-20T00:00:00Z.")
    if None not in moments and freeze.ends <= freeze.begins:
        yield FieldError(f"{at}/ends", "It ends before it begins.", "Send a later moment.")
    if len(freeze.reason) > MAX_REASON_LENGTH:
        yield FieldError(f"{at}/reason", "It is too long.", f"Use at most {MAX_REASON_LENGTH} letters.")


@lru_cache(maxsize=64)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    # Also a name with `..`, one of a folder, and one that no file can have: zoneinfo has an error for each.
    except (KeyError, ValueError, OSError):
        return False
    return True


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None

"""Let in whoever holds something that proves who they are: a person's token, or a machine's key."""

from __future__ import annotations

import logging
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.credentials import CredentialRefusedError, Refusal
from chalicelib.domain.errors import TransientError
from chalicelib.domain.machine_keys import PREFIX, parts_of
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.ports.clock import Clock
    from chalicelib.ports.identity import TokenVerifier, UserDirectory
    from chalicelib.ports.machine_keys import MachineKeyReads

logger = logging.getLogger(__name__)

#: Users that one container remembers to have seen enabled.
MAX_USERS = 10_000
#: While the directory does not answer, who was enabled so recently is let in; nobody else is.
GRACE = timedelta(minutes=15)


class Admissions:
    """
    The door: the gateway keeps its answer for a minute, so each token costs one look-up a minute at most.

    Nothing that would open the door is remembered beyond that, so who is disabled and what is revoked stops
    within that minute. What is remembered of users serves only while the directory is away.
    """

    def __init__(self, tokens: TokenVerifier, users: UserDirectory, keys: MachineKeyReads, clock: Clock) -> None:
        self._tokens = tokens
        self._users = users
        self._keys = keys
        self._clock = clock
        self._seen: OrderedDict[str, datetime] = OrderedDict()

    def admit(self, credential: str) -> Caller:
        """
        Say who holds *credential*.

        Raises:
            CredentialRefusedError: It proves nothing, is over, or its user may not log in any more.
            TransientError: Nobody can tell at the moment.
        """
        if credential.startswith(PREFIX):
            return self._of_key(credential)
        caller = self._tokens.verify(credential)
        if not self._is_active(caller.username):
            raise CredentialRefusedError(
                Refusal.USER,
                "The user is disabled, or there is none any more.",
                fix="Ask an administrator.",
                claimed=caller.username,
            )
        return caller

    def _of_key(self, credential: str) -> Caller:
        parts = parts_of(credential)
        key = self._keys.find(parts[0]) if parts else None
        if parts is None or key is None:
            raise _no_key(Refusal.NO_SUCH_KEY if parts else Refusal.MALFORMED)
        now = rfc3339(self._clock.now())
        if not key.admits(parts[1], now):
            raise _no_key(key.refusal(now), key.id)
        return key.caller()

    def _is_active(self, username: str) -> bool:
        now = self._clock.now()
        try:
            is_active = self._users.is_active(username)
        except TransientError as error:
            seen_at = self._seen.get(username)
            if seen_at is None or not seen_at <= now < seen_at + GRACE:
                raise
            logger.warning("the users are not looked up: %s", error)
            return True
        if not is_active:
            self._seen.pop(username, None)
            return False
        self._seen[username] = now
        self._seen.move_to_end(username)
        if len(self._seen) > MAX_USERS:
            self._seen.popitem(last=False)
        return True


def _no_key(reason: Refusal, claimed: str = "") -> CredentialRefusedError:
    return CredentialRefusedError(
        reason, "The key is not valid.", fix="Ask an Admin for another: POST /keys.", claimed=claimed
    )

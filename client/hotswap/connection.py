"""Which API to speak with, and as whom: environment variables, the local stack, or a profile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hotswap.errors import HotSwapError, NotLoggedInError
from hotswap.profiles import Profile, ProfileStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from hotswap.clock import Clock
    from hotswap.resources.users import Authentication, Login
    from hotswap.stack_file import StackFile

#: A token is renewed this long before it ends, so that it outlives the request it goes with.
RENEWAL_MARGIN = timedelta(seconds=60)


@dataclass(slots=True)
class ProfileTokens:
    """
    The token of a profile, renewed and written back before it ends.

    Renews with the refresh token; if that ended too and the user is one of the local stack's, with its
    password, which the stack file holds anyway.
    """

    name: str
    profile: Profile
    store: ProfileStore
    clock: Clock
    stack: StackFile | None
    authentication: Callable[[], Authentication]

    def token(self) -> str:
        """
        Give a token that lasts.

        Raises:
            NotLoggedInError: It ended and could not be renewed.
        """
        expires_at = self.profile.expires_at
        if expires_at is None or self.clock.now() < expires_at - RENEWAL_MARGIN:
            return self.profile.token
        renewed = self.renew()
        if renewed is not None:
            return renewed
        if self.clock.now() < expires_at:
            return self.profile.token
        raise NotLoggedInError(
            f"The login of {self.profile.username} has ended.",
            fix=login_advice(self.stack, self.profile.roles),
        )

    def renew(self) -> str | None:
        """Get another token, and keep it; None when nobody gives one."""
        for attempt in (self._by_refresh_token, self._by_stack_password):
            try:
                login = attempt()
            except HotSwapError:
                continue
            if login is not None:
                self.profile = profile_of(login, self.profile.api_url, older=self.profile)
                self.store.write(self.name, self.profile)
                return self.profile.token

        return None

    def _by_refresh_token(self) -> Login | None:
        if not self.profile.refresh_token:
            return None

        return self.authentication().refresh(self.profile.refresh_token)

    def _by_stack_password(self) -> Login | None:
        if self.stack is None or self.stack.api_url != self.profile.api_url:
            return None
        for user in self.stack.users.values():
            if user.username == self.profile.username:
                return self.authentication().log_in(user.username, user.password)

        return None


@dataclass(frozen=True, slots=True)
class NoTokens:
    """Stands where a login is missing: asking for the token says how to get one."""

    advice: str
    message: str = "You are not logged in."

    def token(self) -> str:
        """
        Refuse.

        Raises:
            NotLoggedInError: Always.
        """
        raise NotLoggedInError(self.message, fix=self.advice)

    def renew(self) -> str | None:
        """Say that there is none."""
        return None


def profile_of(login: Login, api_url: str, *, older: Profile | None = None) -> Profile:
    """Make the profile of a *login*; a refresh brings no user: it stays as it was."""
    return Profile(
        api_url=api_url,
        username=login.user.username or (older.username if older else ""),
        roles=login.user.roles or (older.roles if older else ()),
        token=login.token,
        refresh_token=login.refresh_token or (older.refresh_token if older else ""),
        expires_at=login.expires_at,
    )


def login_advice(stack: StackFile | None, roles: tuple[str, ...] = ()) -> str:
    """Say which command logs in here."""
    if stack is None or not stack.users:
        return "log in with `hotswap login`"
    wished = roles[0].lower() if roles and roles[0].lower() in stack.users else "developer"

    return f"log in with `hotswap login --as {wished}`"

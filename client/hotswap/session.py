"""One run of the command: its global options, and what commands need from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import click

from hotswap.clock import Deadline
from hotswap.environment import Environment
from hotswap.errors import ExitCode, HotSwapError, UsageError
from hotswap.output import Output
from hotswap.profiles import DEFAULT_PROFILE, Profile, ProfileStore
from hotswap.stack_file import StackFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hotswap.client import HotSwapClient
    from hotswap.local_stack import LocalStack
    from hotswap.transport import Exchange, TokenSource

_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h)?")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST_REQUEST_SECONDS = 30.0


@dataclass(slots=True)
class GlobalOptions:
    """The options that every command takes, before or after its name."""

    json: bool = False
    profile: str | None = None
    yes: bool = False
    timeout: str | None = None
    dry_run: bool = False


class Session:
    """What commands share; made once by ``main``, filled while the options are parsed."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.options = GlobalOptions()

    @cached_property
    def out(self) -> Output:
        """Where to print."""
        return Output(is_json=self.options.json, width=self.environment.width)

    @cached_property
    def store(self) -> ProfileStore:
        """Where logins are kept."""
        return ProfileStore.of(self.environment.environ)

    @cached_property
    def checkout(self) -> Path | None:
        """The checkout of HotSwap that this folder lies in, or that this command was installed from."""
        return self.environment.checkout(self.environment.folder)

    @cached_property
    def stack(self) -> StackFile | None:
        """The local stack of this folder, of one above, or of the checkout."""
        found = StackFile.find(self.environment.folder)
        if found is None and self.checkout is not None:
            found = StackFile.find(self.checkout)

        return found

    @property
    def local_stack(self) -> LocalStack:
        """
        What starts and stops the stack of this checkout.

        Raises:
            HotSwapError: There is no checkout here.
        """
        if self.checkout is None:
            raise HotSwapError(
                "The local stack needs a checkout of HotSwap, and there is none here.",
                fix="clone the repository and run the command inside it",
            )

        return self.environment.local_stack(self.checkout)

    @property
    def profile_name(self) -> str:
        """The profile to use."""
        return self.options.profile or self.environment.environ.get("HOTSWAP_PROFILE") or DEFAULT_PROFILE

    @cached_property
    def profile(self) -> Profile | None:
        """The login kept under that name, whichever API it belongs to."""
        return self.store.read(self.profile_name)

    @cached_property
    def api_url(self) -> str:
        """
        Decide which API to speak with: HOTSWAP_API_URL, a profile that was named, the stack here, the profile.

        Raises:
            HotSwapError: Nothing says which.
        """
        named = self.environment.environ.get("HOTSWAP_API_URL")
        if named:
            return named.rstrip("/")
        if self.profile_name != DEFAULT_PROFILE and self.profile is not None:
            return self.profile.api_url
        if self.stack is not None:
            return self.stack.api_url
        if self.profile is not None:
            return self.profile.api_url
        raise HotSwapError(
            "No API is known here: there is no local stack in this folder, no login and no HOTSWAP_API_URL.",
            fix="start the local stack with `hotswap up`, or set HOTSWAP_API_URL",
        )

    @cached_property
    def client(self) -> HotSwapClient:
        """The API, as the user who is logged in."""
        return self.client_for(self._tokens())

    @cached_property
    def anonymous_client(self) -> HotSwapClient:
        """The API, as nobody."""
        return self.client_for(None)

    def client_for(
        self,
        tokens: TokenSource | str | None,
        *,
        api_url: str | None = None,
        observe: Callable[[Exchange], None] | None = None,
    ) -> HotSwapClient:
        """Make a client for whoever *tokens* belong to; of this session's API when *api_url* is None."""
        from hotswap.client import HotSwapClient

        return HotSwapClient(
            api_url or self.api_url,
            tokens=tokens,
            clock=self.environment.clock,
            http=self.environment.http,
            timeout_seconds=min(self.timeout_seconds(LONGEST_REQUEST_SECONDS), LONGEST_REQUEST_SECONDS),
            observe=observe,
        )

    def timeout_seconds(self, default_seconds: float) -> float:
        """
        Give the ``--timeout``, or the default of the command.

        Raises:
            UsageError: It is no duration.
        """
        text = self.options.timeout
        if text is None:
            return default_seconds
        match = _DURATION.fullmatch(text.strip().lower())
        if match is None:
            raise UsageError(f"{text!r} is no duration for --timeout.", fix="write for example 30s, 5m or 1h")

        return float(match["number"]) * _UNIT_SECONDS[match["unit"] or "s"]

    def deadline(self, default_seconds: float) -> Deadline:
        """Begin a wait that ends after ``--timeout``, or after the default of the command."""
        return Deadline.after(self.timeout_seconds(default_seconds), self.environment.clock)

    def confirm(self, question: str) -> None:
        """
        Ask before something that cannot be taken back; ``--yes`` answers, a dry run needs no answer.

        Raises:
            UsageError: There is nobody to ask.
            HotSwapError: The answer was no.
        """
        if self.options.yes or self.options.dry_run:
            return
        if self.options.json or not self.environment.stdin_is_terminal():
            raise UsageError(f"{question} Nobody is here to answer.", fix="repeat with --yes if you are sure")
        if not click.confirm(question, err=True):
            raise HotSwapError("Nothing was changed.", fix="answer y, or repeat with --yes", code="DECLINED")

    def refuse_dry_run(self, command: str) -> None:
        """
        Stop a command that cannot only pretend.

        Raises:
            UsageError: A dry run was asked for.
        """
        if self.options.dry_run:
            raise UsageError(f"`hotswap {command}` has no dry run.", fix="leave --dry-run out")

    def _tokens(self) -> TokenSource:
        from hotswap.client import FixedToken
        from hotswap.connection import NoTokens, ProfileTokens, login_advice

        token = self.environment.environ.get("HOTSWAP_TOKEN")
        if token:
            return FixedToken(token)
        if self.profile is None:
            return NoTokens(login_advice(self.stack))
        if self.profile.api_url != self.api_url:
            message = f"You are logged in, but at another API ({self.profile.api_url})."
            return NoTokens(login_advice(self.stack, self.profile.roles), message)

        return ProfileTokens(
            name=self.profile_name,
            profile=self.profile,
            store=self.store,
            clock=self.environment.clock,
            stack=self.stack,
            authentication=lambda: self.anonymous_client.authentication,
        )


pass_session = click.make_pass_decorator(Session)

__all__ = ["ExitCode", "GlobalOptions", "Session", "pass_session"]

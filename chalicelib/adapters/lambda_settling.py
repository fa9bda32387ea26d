"""Waiting until Lambda has finished what it said it would do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from chalicelib.domain.errors import PluginFailedError, TransientError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef as Configuration

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 2.0


class Settling:
    """
    Polls a function, at most *limit_seconds* a wait.

    An update during an update is refused, and a version that is not Active yet answers with an error
    (aws-cli#6718): so nothing goes on before the last thing is done.
    """

    def __init__(
        self,
        client: Callable[[], LambdaClient],
        *,
        limit_seconds: float = 60,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._limit_seconds = limit_seconds
        self._sleep = sleep

    def wait_for_latest(self, name: str) -> Configuration:
        """
        Return the configuration of ``$LATEST`` once its last update has succeeded.

        Raises:
            TransientError: It has not by then.
            PluginFailedError: Lambda could not do it, and says why.
        """
        return self._wait(name, "$LATEST", ("State", "LastUpdateStatus"))

    def wait_for_version(self, name: str, version: str) -> Configuration:
        """
        Return the configuration of a published version once it is Active.

        Raises:
            TransientError: It is not by then.
            PluginFailedError: Lambda could not start it, and says why.
        """
        return self._wait(name, version, ("State",))

    def _wait(self, name: str, qualifier: str, watched: tuple[str, ...]) -> Configuration:
        waited, pause = 0.0, _FIRST_PAUSE_SECONDS
        while True:
            found = self._client().get_function_configuration(FunctionName=name, Qualifier=qualifier)
            # Inactive: Lambda put it to sleep after weeks without a call; the next call wakes it.
            states = {found.get(state, "Active") for state in watched} - {"Active", "Successful", "Inactive"}
            if not states:
                return found
            if "Failed" in states:
                why = found.get("StateReason") or found.get("LastUpdateStatusReason") or "no reason given"
                raise PluginFailedError(f"Lambda could not take the build: {why}", fix="Publish a new version.")
            if waited >= self._limit_seconds:
                raise TransientError(f"{name} has not settled within {self._limit_seconds:g} s.")
            self._sleep(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

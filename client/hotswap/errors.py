"""What can go wrong for a user: each error says what happened, how to fix it, and the exit code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class ExitCode(IntEnum):
    """The exit codes that scripts may rely on."""

    OK = 0
    FAILED = 1
    USAGE = 2
    HELD = 3
    CONFLICT = 4
    NOT_ALLOWED = 5
    TIMED_OUT = 6


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong: where (a field, or a file of a package), what, and how to fix it."""

    field: str
    message: str
    fix: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> FieldProblem:
        """Read one entry of a problem's ``errors``."""
        return cls(
            field=str(document.get("field") or ""),
            message=str(document.get("message") or ""),
            fix=str(document.get("fix") or ""),
        )


class HotSwapError(Exception):
    """
    Something that the user can understand and act on.

    Raised by the client and the commands alike; the command line's ``main`` prints it and exits.
    """

    def __init__(
        self,
        message: str,
        *,
        fix: str,
        code: str = "FAILED",
        exit_code: ExitCode = ExitCode.FAILED,
        problems: tuple[FieldProblem, ...] = (),
    ) -> None:
        """Keep *message* (what happened) apart from *fix* (what to do about it)."""
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.code = code
        self.exit_code = exit_code
        self.problems = problems

    def to_problem(self) -> dict[str, Any]:
        """Present this error as a problem document (RFC 9457), as `--json` prints it on stderr."""
        return {
            "type": "about:blank",
            "title": self.message,
            "detail": self.message,
            "code": self.code,
            "errors": [{"field": each.field, "message": each.message, "fix": each.fix} for each in self.problems],
            "fix": self.fix,
            "exitCode": int(self.exit_code),
        }


class UsageError(HotSwapError):
    """The command was asked for something it cannot do as asked."""

    def __init__(self, message: str, *, fix: str, problems: tuple[FieldProblem, ...] = ()) -> None:
        """Report a mistake in the command's input."""
        super().__init__(message, fix=fix, code="VALIDATION_ERROR", exit_code=ExitCode.USAGE, problems=problems)


class NotLoggedInError(HotSwapError):
    """There is no token for this API, or it ended and could not be renewed."""

    def __init__(self, message: str, *, fix: str) -> None:
        """Report a missing or ended login."""
        super().__init__(message, fix=fix, code="UNAUTHORIZED", exit_code=ExitCode.NOT_ALLOWED)


class UnreachableError(HotSwapError):
    """No answer came from the API."""

    def __init__(self, message: str, *, fix: str) -> None:
        """Report an API that does not answer."""
        super().__init__(message, fix=fix, code="UNREACHABLE")


class StillRunningError(HotSwapError):
    """The wait ended before the thing waited for did; it goes on without us."""

    def __init__(self, message: str, *, fix: str) -> None:
        """Report that the time given to a wait is over."""
        super().__init__(message, fix=fix, code="STILL_RUNNING", exit_code=ExitCode.TIMED_OUT)


class ApiError(HotSwapError):
    """The API refused a request, or failed at it, and said why in a problem document."""

    def __init__(self, problem: Mapping[str, Any], *, status: int, fix: str) -> None:
        """Read *problem* (RFC 9457); *fix* is used when the document itself brings none."""
        problems = tuple(FieldProblem.of(each) for each in problem.get("errors") or ())
        own_fix = str(problem.get("fix") or "") or next((each.fix for each in problems if each.fix), "")
        super().__init__(
            str(problem.get("detail") or problem.get("title") or f"The API answered {status}."),
            fix=own_fix or fix,
            code=str(problem.get("code") or f"HTTP_{status}"),
            exit_code=exit_code_of(status),
            problems=problems,
        )
        self.problem = dict(problem)
        self.status = status
        self.trace_id = str(problem.get("traceId") or "")

    def to_problem(self) -> dict[str, Any]:
        """Present the API's own document, with our fix and exit code added."""
        return {**self.problem, "code": self.code, "fix": self.fix, "exitCode": int(self.exit_code)}


def exit_code_of(status: int) -> ExitCode:
    """Tell the exit code for an HTTP *status* that is an error."""
    by_status = {
        400: ExitCode.USAGE,
        401: ExitCode.NOT_ALLOWED,
        403: ExitCode.NOT_ALLOWED,
        409: ExitCode.CONFLICT,
        412: ExitCode.CONFLICT,
        413: ExitCode.USAGE,
        422: ExitCode.USAGE,
        428: ExitCode.USAGE,
    }

    return by_status.get(status, ExitCode.FAILED)

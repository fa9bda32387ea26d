"""Policies of environments: what must hold before a version may move there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from chalicelib.api.models import Body, Line, Resource
from chalicelib.domain.approvals import OnExpiry
from chalicelib.domain.durations import seconds_of
from chalicelib.domain.ids import Environment
from chalicelib.domain.policies import DEFAULT_POLICIES, ApprovalRule, EnvironmentPolicy
from chalicelib.domain.policy_documents import WEEKDAYS, document_of
from chalicelib.domain.times import rfc3339
from chalicelib.domain.windows import Freeze, Window, may_begin


def _duration(text: str) -> str:
    seconds_of(text)
    return text


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("it has no offset from UTC")
    try:
        return rfc3339(moment.astimezone(UTC))
    except OverflowError:
        raise ValueError("no calendar has that day") from None


Weekday = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
Duration = Annotated[str, AfterValidator(_duration)]
Moment = Annotated[str, Field(max_length=40), AfterValidator(_moment)]


class ApprovalRuleBody(Body):
    """Who must agree; what is left out is as in the environment's default."""

    needed: Annotated[int | None, Field(description="Say how many different people must agree; 0: nobody.")] = None
    roles: Annotated[list[Line] | None, Field(description="Send Approver, Admin, or both.")] = None
    excluded: Annotated[list[Line] | None, Field(description="Name users who may never agree here.")] = None
    timeout: Annotated[Duration | None, Field(description="Send an ISO 8601 duration: PT48H.")] = None
    on_expiry: Annotated[OnExpiry | None, Field(description="Use one of " + ", ".join(OnExpiry) + ".")] = None

    def rule(self, default: ApprovalRule) -> ApprovalRule:
        """Make the rule."""
        return ApprovalRule(
            needed=default.needed if self.needed is None else self.needed,
            roles=default.roles if self.roles is None else tuple(self.roles),
            excluded=default.excluded if self.excluded is None else tuple(self.excluded),
            seconds=default.seconds if self.timeout is None else seconds_of(self.timeout),
            on_expiry=default.on_expiry if self.on_expiry is None else self.on_expiry,
        )


class WindowBody(Body):
    """Hours in which tenants may be moved; one that ends before it begins lasts over midnight."""

    weekdays: Annotated[list[Weekday], Field(description="Send one to seven of " + ", ".join(WEEKDAYS) + ".")]
    begins: Annotated[Line, Field(description='Send hours and minutes: "09:00".')]
    until: Annotated[Line, Field(description='Send hours and minutes, "24:00" for midnight.')]
    time_zone: Annotated[Line, Field(description="Name a time zone of the IANA database: Europe/Berlin.")] = "UTC"

    def window(self) -> Window:
        """Make the window."""
        days = tuple(sorted({WEEKDAYS.index(day) for day in self.weekdays}))
        return Window(days, self.begins, self.until, self.time_zone)


class FreezeBody(Body):
    """A range of time in which nothing is moved."""

    begins: Annotated[Moment, Field(description="Send RFC 3339 with an offset: 2026-12-20T00:00:00Z.")]
    ends: Annotated[Moment, Field(description="Send RFC 3339 with an offset: 2027-01-03T00:00:00Z.")]
    reason: Line = ""

    def freeze(self) -> Freeze:
        """Make the freeze."""
        return Freeze(self.begins, self.ends, self.reason)


class PutPolicyBody(Body):
    """The whole policy; what is left out is as in the environment's default."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "approvals": {"needed": 2, "roles": ["Approver"], "timeout": "PT24H", "onExpiry": "escalate"},
                    "windows": [
                        {
                            "weekdays": ["Mon", "Tue", "Wed", "Thu"],
                            "begins": "09:00",
                            "until": "16:00",
                            "timeZone": "Europe/Berlin",
                        }
                    ],
                    "freezes": [
                        {"begins": "2026-12-20T00:00:00Z", "ends": "2027-01-03T00:00:00Z", "reason": "Holidays"}
                    ],
                    "ladder": True,
                }
            ]
        }
    )

    approvals: ApprovalRuleBody = ApprovalRuleBody()
    windows: Annotated[list[WindowBody], Field(default_factory=list)]
    freezes: Annotated[list[FreezeBody], Field(default_factory=list)]
    stop_the_line: Annotated[
        Line, Field(description="Give a reason, and nothing begins to move here until it is empty again.")
    ] = ""
    ladder: Annotated[
        bool | None, Field(description="Take only what was Completed, with its tests passed, in a lower environment.")
    ] = None
    reason: Annotated[Line, Field(description="Say why it is changed; the audit log keeps it.")] = ""

    def policy(self, environment: Environment) -> EnvironmentPolicy:
        """Make the policy."""
        default = DEFAULT_POLICIES[environment]
        return replace(
            default,
            approvals=self.approvals.rule(default.approvals),
            windows=tuple(window.window() for window in self.windows),
            freezes=tuple(freeze.freeze() for freeze in self.freezes),
            stop_the_line=self.stop_the_line.strip(),
            has_ladder=default.has_ladder if self.ladder is None else self.ladder,
        )


class ApprovalRuleResource(Resource):
    """Who must agree, for how long they are asked, and what follows when they don't answer."""

    needed: int
    roles: list[str]
    excluded: list[str]
    timeout: str
    on_expiry: OnExpiry


class WindowResource(Resource):
    """Hours in which tenants may be moved."""

    weekdays: list[Weekday]
    begins: str
    until: str
    time_zone: str


class FreezeResource(Resource):
    """A range of time in which nothing is moved."""

    begins: str
    ends: str
    reason: str


class PolicyResource(Resource):
    """What an environment asks of a deployment, and whether one could move tenants there right now."""

    environment: Environment
    approvals: ApprovalRuleResource
    windows: Annotated[list[WindowResource], Field(description="Empty: always.")]
    freezes: list[FreezeResource]
    stop_the_line: Annotated[str, Field(description="Why nothing may move; empty: it is not stopped.")]
    ladder: bool
    is_open: Annotated[bool, Field(description="Whether a step without an observation might begin now.")]
    closed_because: str
    opens_at: Annotated[str | None, Field(description="When it might next; null: not as things are.")]
    revision: Annotated[int, Field(description="Its ETag without quotes, for If-Match; 0: the default.")]

    @classmethod
    def of(cls, policy: EnvironmentPolicy, now: datetime) -> PolicyResource:
        """Present a policy as it is at *now*."""
        opening = may_begin(policy, now, 0)
        return cls.model_validate(
            {
                **document_of(policy),
                "environment": policy.environment,
                "is_open": opening.is_open,
                "closed_because": opening.reason,
                "opens_at": rfc3339(opening.opens_at.astimezone(UTC)) if opening.opens_at else None,
                "revision": policy.revision,
            }
        )

"""Deployments as the API shows them at one moment: a Canary in Production, wherever a test wants it to be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

Document = dict[str, Any]

ID = "dep_01JD9X4Q2M8W6Z3T7R5N1B0KCE"
#: The waits of the plan below: the step that asks people, and the one that watches the first share.
ASKS, WATCHES = 0, 4

PASSED = {
    "outcome": "pass",
    "reason": "errors 0.1 % of 8,410, 5 % are allowed",
    "rule": "error limit",
    "query": "error rate of the candidate",
    "window": "10 s",
    "unit": "share",
    "n": 8410,
    "value": 0.001,
    "low": 0.0004,
    "high": 0.0022,
    "threshold": 0.05,
}
FAILED = {
    **PASSED,
    "outcome": "fail",
    "reason": "errors 21.4 % of 212, 5 % are allowed",
    "n": 212,
    "value": 0.214,
    "low": 0.151,
    "high": 0.29,
}
TOO_FEW = {
    "outcome": "inconclusive",
    "reason": "12 of 50 requests that a pass needs",
    "rule": "minimum requests",
    "query": "requests of the candidate",
    "unit": "requests",
    "n": 12,
    "value": 12,
    "threshold": 50,
}
_STEPS = (
    ("approve", "2 people with role Approver, within 48 h", None),
    ("warm", "start the candidate", "PT0S"),
    ("smoke", "health check at 0 %", "PT0S"),
    ("shift", "10 % of tenants", "PT0S"),
    ("observe", "watch for 40 s", "PT40S"),
    ("shift", "100 % of tenants", "PT0S"),
    ("observe", "watch for 1 min", "PT1M"),
)


def deployment(now: datetime, *, at: int = WATCHES, **fields: Any) -> Document:
    """Show a Canary that runs step *at* (0-based) since ten seconds; *fields* replace what that would show."""
    return {
        "deploymentId": ID,
        "pluginId": "tax-engine",
        "version": "2.1.0",
        "previousVersion": "2.0.0",
        "environment": "Production",
        "strategy": "Canary",
        "status": "InProgress",
        "statusReason": "",
        "candidatePercentage": 10 if at > WATCHES - 1 else 0,
        "splitBy": "tenant",
        "attempt": 1,
        "affectedTenants": 12,
        "plan": [_step(index, at, now) for index in range(len(_STEPS))],
        "currentStep": at,
        "approvals": [approval(now, "raj", "li")],
        "possibleVerbs": ["pause", "promote", "abort", "rollback", "advance"],
        "initiatedBy": "dev",
        "createdAt": later(now, -60),
        "startedAt": later(now, -59),
        "endedAt": None,
        **fields,
    }


def with_step(document: Document, index: int, **fields: object) -> Document:
    """Show the same with one step that is otherwise."""
    plan = [{**step, **fields} if step["index"] == index else step for step in document["plan"]]
    return {**document, "plan": plan}


def approval(now: datetime, *agreed: str, status: str = "Approved") -> Document:
    """Show an approval by two people to which those of *agreed* said yes."""
    return {
        "approvalId": "apr_1",
        "attempt": 1,
        "step": ASKS,
        "status": status,
        "needed": 2,
        "agreed": len(agreed),
        "roles": ["Approver", "Admin"],
        "requestedBy": "dev",
        "requestedAt": later(now, -60),
        "expiresAt": later(now, 48 * 3600),
        "onExpiry": "reject",
        "decidedAt": later(now, -30) if status == "Approved" else None,
        "decisions": [
            {"by": name, "decision": "approve", "reason": "", "at": later(now, -50 + place)}
            for place, name in enumerate(agreed)
        ],
    }


def event(now: datetime, action: str, actor: str, **fields: object) -> Document:
    """Show a record of the timeline."""
    return {"at": later(now, -1), "action": action, "actor": actor, "reason": "", "after": {}, **fields}


def later(now: datetime, seconds: float) -> str:
    """Write a time so many seconds after *now*."""
    return (now + timedelta(seconds=seconds)).isoformat()


def _step(index: int, at: int, now: datetime) -> Document:
    kind, detail, duration = _STEPS[index]
    step: Document = {"index": index, "kind": kind, "detail": detail, "duration": duration, "status": "Pending"}
    if kind == "shift":
        step["reach"] = {"tenants": 1 if index < WATCHES else 12, "ofTenants": 12, "sample": []}
    if index < at:
        begun = later(now, -40 + index)
        return {**step, "status": "Completed", "startedAt": begun, "endedAt": later(now, -39.5 + index)}
    if index == at:
        due_at = later(now, 30) if kind == "observe" else None
        return {**step, "status": "Running", "startedAt": later(now, -10), "dueAt": due_at}
    return step

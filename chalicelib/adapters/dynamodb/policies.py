"""Policies of environments, in the table ``deployments``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.approval_items import PolicyItem
from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail, Put
from chalicelib.adapters.dynamodb.items import Tables
from chalicelib.adapters.dynamodb.leases import stale
from chalicelib.domain.approvals import OnExpiry
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.ids import Environment
from chalicelib.domain.policies import DEFAULT_POLICIES, ApprovalRule, EnvironmentPolicy
from chalicelib.domain.windows import Freeze, Window


class DynamoPolicies:
    """Policies."""

    def __init__(self, tables: Tables, audit: DynamoAuditTrail) -> None:
        self._items = tables.bind(PolicyItem, "deployments")
        self._audit = audit

    @translated("DynamoDB")
    def get(self, environment: Environment) -> EnvironmentPolicy:
        """Return the policy, strongly consistent; the default (revision 0) while nobody has set one."""
        try:
            return _policy_of(self._items.get(*keys.policy(environment), consistent_read=True).document)
        except self._items.DoesNotExist:
            return DEFAULT_POLICIES[environment]

    def save(self, policy: EnvironmentPolicy, record: AuditRecord) -> EnvironmentPolicy:
        """
        Write a policy if nobody else did since it was read; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """
        saved = replace(policy, revision=policy.revision + 1)
        item = self._items(*keys.policy(policy.environment), revision=saved.revision, document=asdict(saved))
        is_first = PolicyItem.pk.does_not_exist()
        is_unchanged = PolicyItem.revision == policy.revision
        condition = is_unchanged if policy.revision else is_first
        self._audit.write(record, Put(item, condition, lambda: stale(f"the policy of {policy.environment}")))
        return saved


def _policy_of(values: Mapping[str, Any]) -> EnvironmentPolicy:
    rule = values["approvals"]
    lists = {name: tuple(rule[name]) for name in ("roles", "excluded")}
    windows = (Window(**{**window, "weekdays": tuple(window["weekdays"])}) for window in values["windows"])
    return EnvironmentPolicy(
        **{
            **values,
            "environment": Environment(values["environment"]),
            "approvals": ApprovalRule(**{**rule, **lists, "on_expiry": OnExpiry(rule["on_expiry"])}),
            "windows": tuple(windows),
            "freezes": tuple(Freeze(**freeze) for freeze in values["freezes"]),
        }
    )

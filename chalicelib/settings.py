"""Settings: what the environment of a function says, and every name that follows from it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Settings(NamedTuple):
    """
    One stack's settings.

    *jwks_url* is apart from *issuer* because the emulator serves the keys itself while its tokens name AWS.
    *limit_factor* multiplies every limit that is nobody's own: 1, and 100 on a local stack.
    *rate_limits* replace the defaults, by class of route; both are multiplied.
    *retention_days* replace how long records are kept, by kind; *audit_lock* is mode and days of the seals' lock.
    *plugin_environment* goes to every plugin function as it is; on AWS it is empty.
    """

    stack: str
    account_id: str
    client_id: str
    issuer: str
    jwks_url: str
    bucket: str
    user_pool_id: str = ""
    log_level: str = "INFO"
    version: str = "0"
    limit_factor: int = 1
    rate_limits: Mapping[str, int] = {}
    retention_days: Mapping[str, int] = {}
    audit_lock: tuple[str, int] = ("GOVERNANCE", 2_557)
    plugin_environment: Mapping[str, str] = {}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """
        Read the ``HOTSWAP_*`` variables.

        Raises:
            KeyError: One that has no default is missing: the function is deployed wrongly.
        """
        stack = environment.get("HOTSWAP_STACK", "hotswap")
        account_id = environment["HOTSWAP_ACCOUNT_ID"]
        issuer = environment["HOTSWAP_ISSUER"]
        return cls(
            stack=stack,
            account_id=account_id,
            client_id=environment["HOTSWAP_CLIENT_ID"],
            issuer=issuer,
            jwks_url=environment.get("HOTSWAP_JWKS_URL") or f"{issuer}/.well-known/jwks.json",
            bucket=environment.get("HOTSWAP_BUCKET") or f"{stack}-artifacts-{account_id}",
            user_pool_id=environment.get("HOTSWAP_USER_POOL_ID", ""),
            log_level=environment.get("HOTSWAP_LOG_LEVEL", "INFO"),
            version=environment.get("HOTSWAP_VERSION", "0"),
            limit_factor=int(environment.get("HOTSWAP_LIMIT_FACTOR") or 1),
            rate_limits=json.loads(environment.get("HOTSWAP_RATE_LIMITS") or "{}"),
            retention_days=json.loads(environment.get("HOTSWAP_RETENTION") or "{}"),
            audit_lock=_lock_of(environment.get("HOTSWAP_AUDIT_LOCK") or "GOVERNANCE 2557"),
            plugin_environment=json.loads(environment.get("HOTSWAP_PLUGIN_ENV") or "{}"),
        )

    def table(self, name: str) -> str:
        """Name one of the tables of infra/templates/tables.yaml, such as ``registry``."""
        return f"{self.stack}-{name}"

    @property
    def key_alias(self) -> str:
        """Alias of the KMS key that protects secrets and cursors."""
        return f"alias/{self.stack}"

    @property
    def seal_key_alias(self) -> str:
        """Alias of the KMS key that signs the seals of the audit trail."""
        return f"alias/{self.stack}-seals"

    @property
    def plugin_role_arn(self) -> str:
        """ARN of the role, without any permission, that plugins run as."""
        return f"arn:aws:iam::{self.account_id}:role/{self.stack}-plugin"


def _lock_of(text: str) -> tuple[str, int]:
    mode, _, days = text.partition(" ")
    return mode, int(days)

"""Identifiers of the contract and their patterns."""

from __future__ import annotations

import re
from enum import StrEnum

from chalicelib.domain.errors import FieldError, ValidationError

PLUGIN_ID = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")
TENANT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
DEPLOYMENT_ID = re.compile(r"dep_[0-9A-HJKMNP-TV-Z]{26}")


class Environment(StrEnum):
    """Where a version runs, in the order of the ladder."""

    DEVELOPMENT = "Development"
    QA = "QA"
    STAGING = "Staging"
    PRODUCTION = "Production"

    @property
    def alias(self) -> str:
        """Name of the Lambda alias that mirrors this environment's route."""
        return self.value.lower()


def check_plugin_id(text: str, *, field: str = "/name") -> str:
    """
    Return *text* if it may name a plugin.

    Raises:
        ValidationError: It breaks the pattern of CONTRACT §1 (400).
    """
    if PLUGIN_ID.fullmatch(text):
        return text
    fix = "Use 3 to 40 characters: a-z, 0-9 and '-'; begin with a letter, end with a letter or digit."
    raise ValidationError(
        "That is not a plugin name.",
        fix=fix,
        errors=(FieldError(field, f"{text[:80]!r} does not match ^{PLUGIN_ID.pattern}$", fix),),
    )


def check_tenant_id(text: str, *, field: str = "/id") -> str:
    """
    Return *text* if it may name a tenant.

    Raises:
        ValidationError: It breaks the pattern of CONTRACT §1 (400).
    """
    if TENANT_ID.fullmatch(text):
        return text
    fix = "Use 1 to 63 characters: a-z, 0-9 and '-'; begin with a letter or digit."
    raise ValidationError(
        "That is not a tenant id.",
        fix=fix,
        errors=(FieldError(field, f"{text[:80]!r} does not match ^{TENANT_ID.pattern}$", fix),),
    )


def check_environment(text: str, *, field: str = "/environment") -> Environment:
    """
    Return the environment that *text* names; its spelling counts.

    Raises:
        ValidationError: There is no such environment (400).
    """
    try:
        return Environment(text)
    except ValueError:
        fix = "Use one of " + ", ".join(Environment) + "."
        raise ValidationError(
            "There is no such environment.", fix=fix, errors=(FieldError(field, f"unknown: {text[:40]!r}", fix),)
        ) from None

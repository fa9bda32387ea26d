"""References: secrets that stay in AWS Secrets Manager, and whose they are by their name."""

from __future__ import annotations

import re
from typing import NamedTuple

from chalicelib.domain.errors import FieldError, UnprocessableError, ValidationError

#: AWS adds a dash and six characters to the name that its owner chose.
_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:(?P<region>[a-z0-9-]{1,32}):(?P<account_id>\d{12}):"
    r"secret:(?P<name>[A-Za-z0-9/_+=.@-]{1,512})-[A-Za-z0-9]{6}"
)


class Home(NamedTuple):
    """Where the secrets of a stack are: whatever is elsewhere its role can't read."""

    stack: str
    region: str
    account_id: str


def require_reference_of(tenant_id: str, arn: str, home: Home) -> None:
    """
    Raise unless *arn* names a secret that is this tenant's: its name says so, and a tenant's id has no slash.

    Raises:
        ValidationError: It is no ARN of a secret (400).
        UnprocessableError: It is another tenant's, or of another region or account (422).
    """
    prefix = f"{home.stack}/{tenant_id}/"
    found = _ARN.fullmatch(arn)
    if found is None:
        fix = "Send the whole ARN, as `aws secretsmanager describe-secret` shows it, with its six last characters."
        errors = (FieldError("/reference", "It is not the ARN of a secret.", fix),)
        raise ValidationError("The reference is not the ARN of a secret.", fix=fix, errors=errors)
    if not found["name"].startswith(prefix) or found["name"] == prefix:
        fix = f"Refer to a secret whose name begins with {prefix}: nothing else is {tenant_id}'s."
    elif (found["region"], found["account_id"]) != (home.region, home.account_id):
        fix = f"Keep the secret in {home.region}, in the account of this stack: its role reads no other."
    else:
        return
    errors = (FieldError("/reference", "It can't be read for this tenant.", fix),)
    raise UnprocessableError("The reference can't be read for this tenant.", fix=fix, errors=errors)


class SecretUnreadableError(UnprocessableError):
    """Secrets Manager has no such value for us: gone, denied, or no text (422 when it is set)."""

    def __init__(self, why: str, fix: str) -> None:
        super().__init__(
            f"The secret that is referred to can't be read: {why}.",
            fix=fix,
            errors=(FieldError("/reference", why, fix),),
        )

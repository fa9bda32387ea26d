"""One user for each role of the product, with random passwords, in the stack's user pool."""

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

SYMBOLS = "-_.!*"
PASSWORD_LENGTH = 24


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to make: the name (also the key in stack.json), the group, and the tenant of a tenant owner."""

    name: str
    group: str
    tenant_id: str | None = None


USERS = (
    NewUser("admin", "Admin"),
    NewUser("developer", "Developer"),
    NewUser("approver", "Approver"),
    NewUser("approver2", "Approver"),
    NewUser("tenant-owner", "TenantOwner", tenant_id="acme"),
    NewUser("host", "Host"),
    NewUser("viewer", "Viewer"),
)


def create_users(
    cognito: "CognitoIdentityProviderClient", pool_id: str, known_passwords: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """
    Make all users that are missing, and give ``{name: {username, password}}``.

    A password that is known stays; every other is drawn anew.
    """
    made = {}
    for user in USERS:
        password = known_passwords.get(user.name) or random_password()
        _create(cognito, pool_id, user, password)
        cognito.admin_set_user_password(UserPoolId=pool_id, Username=user.name, Password=password, Permanent=True)
        cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=user.name, GroupName=user.group)
        made[user.name] = {"username": user.name, "password": password}
    return made


def random_password() -> str:
    """Draw a password that has a letter of each case, a digit and a symbol."""
    classes = (string.ascii_lowercase, string.ascii_uppercase, string.digits, SYMBOLS)
    drawn = [secrets.choice(letters) for letters in classes]
    drawn += [secrets.choice("".join(classes)) for _ in range(PASSWORD_LENGTH - len(classes))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


def _create(cognito: "CognitoIdentityProviderClient", pool_id: str, user: NewUser, password: str) -> None:
    """Make one user unless there is one of this name."""
    attributes = [{"Name": "custom:tenant_id", "Value": user.tenant_id}] if user.tenant_id else []
    try:
        cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=user.name,
            TemporaryPassword=password,
            MessageAction="SUPPRESS",
            UserAttributes=attributes,  # type: ignore[arg-type]
        )
    except cognito.exceptions.UsernameExistsException:
        return

"""The table of permissions as a page: `python -m chalicelib.api.permissions_page` prints docs/permissions.md."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chalicelib.api.openapi import operations_of
from chalicelib.domain.authorization import Role
from chalicelib.domain.bounds import extent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalice import Chalice

_INTRODUCTION = """\
# Who may do what

Printed from the routes and from the table in [`authorization.py`](../chalicelib/domain/authorization.py) by
`make openapi`; CI compares, and a test walks every route as every role, with things of its own and of others. What is
not named is refused.

- **own plugins**: only who registered the plugin; anybody else gets a 403.
- **own tenant**: only the tenant that the token names; any other is a 404, whether it exists or not.
- **no tenant's**: only records that are about no tenant.
- **Environments**: only there; elsewhere a 403.
- Nobody decides on an approval of what they asked for themselves, whatever their role.
- A machine's key acts as a Host, narrowed to the actions and tenants that it is made for; another tenant is a 404.
- Roles come from the groups of the user pool, at each log-in or refresh. A disabled user is refused within a minute.
"""


def page_of(app: Chalice) -> str:
    """Print the page, a line for each route that needs a token."""
    return "\n".join([_INTRODUCTION, *_table_of(app), ""])


def _table_of(app: Chalice) -> Iterator[str]:
    yield "| Route | Action | " + " | ".join(Role) + " |"
    yield "|---|---|" + ":-:|" * len(Role)
    operations = sorted(operations_of(app), key=lambda operation: (operation.path, operation.method))
    for operation in operations:
        if not operation.contract.is_open:
            action = operation.contract.action
            cells = " | ".join(extent_of(action, role) for role in Role)
            yield f"| {operation.method} `{operation.path.removeprefix('/v1')}` | `{action}` | {cells} |"


if __name__ == "__main__":
    from app import app

    sys.stdout.write(page_of(app))

"""Another tenant's name wherever one can be written: path, body, header, cursor, ETag, key of a repeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.stack.attacks.conftest import ATTACKED, MINE, THEIRS, Person, recorded
from tests.stack.product import ENVIRONMENT, Product
from tests.stack.running_stack import Answer

NOBODY = "nobody-at-all"
OF_TENANT: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/tenants/{t}", None),
    ("PATCH", "/tenants/{t}", {"name": "mine now"}),
    ("GET", "/tenants/{t}/export", None),
    ("GET", "/tenants/{t}/plugins", None),
    ("GET", "/tenants/{t}/usage", None),
    ("GET", f"/tenants/{{t}}/plugins/{ATTACKED}/config", None),
    ("PUT", f"/tenants/{{t}}/plugins/{ATTACKED}/config", {"configuration": {"owner": "me"}}),
    ("PUT", f"/tenants/{{t}}/plugins/{ATTACKED}/secrets/apiKey", {"value": "sk_mine"}),
    ("DELETE", f"/tenants/{{t}}/plugins/{ATTACKED}/secrets/apiKey", None),
    ("PUT", f"/tenants/{{t}}/plugins/{ATTACKED}/pin", {"version": "1.0.0", "reason": "mine", "environment": "QA"}),
    ("POST", f"/tenants/{{t}}/plugins/{ATTACKED}/disable", {}),
    ("DELETE", f"/tenants/{{t}}/plugins/{ATTACKED}", None),
    ("GET", f"/tenants/{{t}}/plugins/{ATTACKED}/effective?environment={ENVIRONMENT}", None),
)


class Owner(NamedTuple):
    """Speaks as the owner of a tenant."""

    product: Product
    username: str
    token: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.product.stack.request(method, f"/v1{path}", token=self.token, body=body, headers=named)


@pytest.fixture
def owner(attacked: Product, make_person: Callable[..., Person]) -> Owner:
    """Speak as the owner of acme, a new one for each test, so that the trail is theirs alone."""
    person = make_person("TenantOwner", tenant=MINE)
    return Owner(attacked, person.username, person.token)


def test_in_a_path_it_is_the_same_as_a_tenant_that_is_none_and_on_record(attacked: Product, owner: Owner) -> None:
    for method, path, body in OF_TENANT:
        theirs, nobodys = (owner(method, path.format(t=tenant), body, If_Match="*") for tenant in (THEIRS, NOBODY))

        assert (theirs.status, nobodys.status) == (404, 404), path
        told = [each.body["detail"].replace(THEIRS, "?").replace(NOBODY, "?") for each in (theirs, nobodys)]
        assert told[0] == told[1]

    untouched = attacked.ask("GET", f"/tenants/{THEIRS}/plugins/{ATTACKED}/config").body
    assert untouched["configuration"] == {"owner": THEIRS}
    assert len(recorded(attacked, owner.username, 2 * len(OF_TENANT))) == 2 * len(OF_TENANT)


def test_in_a_body_and_in_headers_it_is_not_believed(attacked: Product, owner: Owner) -> None:
    body = {"tenantId": THEIRS, "operation": "handle", "input": {}, "environment": ENVIRONMENT}
    path = f"/plugins/{ATTACKED}/invoke"

    assert owner("POST", path, body).status == 404
    spoofed = owner(
        "POST", path, {**body, "tenantId": MINE}, X_Tenant_Id=THEIRS, tenantId=THEIRS, X_Amz_Tenant_Id=THEIRS
    )
    assert spoofed.body["result"] == {"tenant": MINE, "config": {"owner": MINE}}
    (denied,) = recorded(attacked, owner.username, 1)
    assert denied["tenantId"] == MINE, "the other tenant's trail tells nothing of who tried"


def test_a_cursor_of_another_listing_or_tenant_opens_nothing(attacked: Product, owner: Owner) -> None:
    listing = f"/tenants/{THEIRS}/plugins/{ATTACKED}/config/revisions"
    for number in range(2):
        etag = attacked.ask("GET", listing.removesuffix("/revisions")).headers["ETag"]
        config = {"configuration": {"owner": THEIRS, "n": number}}
        assert attacked.ask("PUT", listing.removesuffix("/revisions"), config, headers={"If-Match": etag}).status == 200
    cursor = attacked.ask("GET", f"{listing}?limit=1").body["nextCursor"]
    assert cursor

    for path in (listing.replace(THEIRS, MINE), "/plugins", f"/tenants/{MINE}/plugins"):
        refused = owner("GET", f"{path}?cursor={cursor}")
        assert (refused.status, refused.body["code"]) == (400, "VALIDATION_ERROR")
    bent = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    assert attacked.ask("GET", f"{listing}?cursor={bent}").status == 400


def test_an_etag_of_another_tenant_changes_nothing_there(attacked: Product, owner: Owner) -> None:
    path = f"/tenants/{{}}/plugins/{ATTACKED}/config"
    etag = attacked.ask("GET", path.format(THEIRS)).headers["ETag"]

    assert owner("PUT", path.format(THEIRS), {"configuration": {}}, If_Match=etag).status == 404
    assert attacked.ask("GET", path.format(THEIRS)).headers["ETag"] == etag


def test_the_key_of_anothers_repeat_replays_nothing(attacked: Product, owner: Owner) -> None:
    body = {"tenantId": THEIRS, "operation": "handle", "input": {}, "environment": ENVIRONMENT}
    path, key = f"/plugins/{ATTACKED}/invoke", "one-key-for-both"
    first = attacked.ask("POST", path, body, role="host", headers={"Idempotency-Key": key})
    assert first.body["result"]["tenant"] == THEIRS

    swapped = owner("POST", path, body, Idempotency_Key=key)

    assert (swapped.status, "Idempotent-Replayed" in swapped.headers) == (404, False)
    assert first.body["executionId"] not in str(swapped.body)

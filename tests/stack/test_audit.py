"""The audit trail of the deployed stack: read by its real indexes, by each role its part, with what the gateway saw."""

import http.client
import json
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.stack.product import Product
from tests.stack.running_stack import eventually


@pytest.fixture(scope="module")
def told(product: Product) -> Product:
    """Record something of acme, whose owner the stack knows, of another tenant, and of nobody."""
    product.register("audited")
    for tenant in ("acme", "audited-too"):
        answer = product.ask("POST", "/tenants", {"id": tenant, "name": tenant})
        assert answer.status in (201, 409), answer.body
    assert product.ask("GET", "/tenants/audited-too", role="viewer").status == 403
    return product


def listed(product: Product, query: str, role: str = "admin") -> list[dict[str, object]]:
    answer = product.ask("GET", f"/audit{query}", role=role)
    assert answer.status == 200, answer.body
    return list(answer.body["items"])


def test_every_order_of_the_table_answers(told: Product) -> None:
    for query in (
        "?resource=plugins/audited",
        "?actor=admin",
        "?tenant=audited-too",
        "?from=2020-01-01&actor=admin",
        "",
    ):
        eventually(lambda query=query: bool(listed(told, query)))  # type: ignore[misc]

    (registered,) = listed(told, "?resource=plugins/audited")
    assert (registered["result"], registered["roles"]) == ("done", ["Admin"])
    assert registered["ip"], "the gateway tells where a request came from"


def test_each_role_reads_its_part(told: Product) -> None:
    eventually(lambda: bool(listed(told, "", "viewer")))
    assert {record["tenantId"] for record in listed(told, "?limit=100", "viewer")} == {None}
    assert {record["tenantId"] for record in listed(told, "?limit=100", "tenant-owner")} <= {"acme"}
    assert told.ask("GET", "/audit?tenant=audited-too", role="tenant-owner").status == 404
    assert told.ask("GET", "/audit", role="host").status == 403


def test_a_denial_is_on_record_as_refused(told: Product) -> None:
    eventually(lambda: any(one["result"] == "refused" for one in listed(told, "?tenant=audited-too")))


def part_of(product: Product, query: str, media_type: str) -> tuple[str, str | None]:
    """Ask for a part of an export; give its text and the cursor of the next one."""
    url = urlsplit(product.stack.info.api_url)
    with closing(http.client.HTTPConnection(str(url.hostname), url.port, timeout=30)) as connection:
        headers = {"Authorization": f"Bearer {product.token('admin')}"}
        connection.request("GET", f"{url.path}/audit/export{query}", headers=headers)
        answer = connection.getresponse()
        assert (answer.status, answer.headers.get_content_type()) == (200, media_type)
        return answer.read().decode(), answer.headers["X-Next-Cursor"]


@pytest.mark.parametrize("form, media_type", [("jsonl", "application/jsonl"), ("csv", "text/csv")])
def test_parts_of_an_export_make_a_file(told: Product, form: str, media_type: str) -> None:
    text, cursor, parts = "", "", 0
    while parts == 0 or cursor:
        part, following = part_of(told, f"?format={form}&limit=1&tenant=audited-too{cursor}", media_type)
        text, cursor, parts = text + part, f"&cursor={following}" if following else "", parts + 1
    records = listed(told, "?tenant=audited-too")

    assert parts > 1
    lines = text.splitlines()
    assert len(lines) == len(records) + (form == "csv")
    if form == "jsonl":
        assert [json.loads(line) for line in lines] == records


def proof(product: Product, day: str) -> dict[str, Any]:
    answer = product.ask("GET", f"/audit/verify?day={day}")
    assert answer.status == 200, answer.body
    return dict(answer.body)


def test_what_is_recorded_is_soon_sealed_and_a_record_that_is_written_over_is_named(told: Product) -> None:
    (record,) = listed(told, "?resource=plugins/audited")
    day = str(record["at"])[:10]
    table, key = "hotswap-audit", {"pk": {"S": record["resource"]}, "sk": {"S": f"{record['at']}#{record['id']}"}}
    dynamodb = told.stack.client("dynamodb")
    (item,) = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk AND sk = :sk",
        ExpressionAttributeValues={":pk": key["pk"], ":sk": key["sk"]},
    )["Items"]

    # Nobody is still writing what was sealed, so pending ones are all that can be left.
    whole = eventually(lambda: found if (found := proof(told, day))["pending"] == 0 else None)
    dynamodb.put_item(TableName=table, Item={**item, "actor": {"S": "somebody-else"}})
    broken = proof(told, day)
    dynamodb.put_item(TableName=table, Item=item)

    assert whole["verdict"] == "Whole", whole
    assert whole["sealed"] > 0
    assert (broken["verdict"], broken["finding"]["fault"]) == ("Broken", "changed")
    assert broken["finding"]["recordId"] == record["id"]
    assert proof(told, day)["verdict"] == "Whole"


def test_a_seal_can_not_be_deleted(told: Product) -> None:
    s3, bucket = (
        told.stack.client("s3"),
        f"hotswap-artifacts-{told.stack.client('sts').get_caller_identity()['Account']}",
    )
    seal, *_ = eventually(lambda: s3.list_object_versions(Bucket=bucket, Prefix="audit/").get("Versions"))

    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key=seal["Key"], VersionId=seal["VersionId"])

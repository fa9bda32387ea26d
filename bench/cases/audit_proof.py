"""The proof of a busy day of the audit trail: 100,000 records, sealed every minute."""

import base64
import io
import json
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.figures import Interval
from bench.machine import one_core
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort
from chalicelib.adapters.aws_clients import read_in_bulk
from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail
from chalicelib.adapters.dynamodb.items import Tables
from chalicelib.adapters.s3_seals import Lock, S3Seals, document_of
from chalicelib.adapters.seal_keys import KmsSealKey
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.audit_proofs import Proof, prove_day
from chalicelib.domain.audit_seals import Batch, next_batch

_DAY = "2026-11-22"
_RECORDS = 100_000
_MINUTES = 1_440
_AIM_SECONDS = 30
_RUNS, _QUICK_RUNS = 5, 1
#: DynamoDB ends a page at a megabyte; a record takes about so many bytes.
_PAGE = 1_000


class _Raw(io.BytesIO):
    def stream(self, **_options: object) -> Iterator[bytes]:
        yield self.read()


class _Aws:
    """Answers what a proof asks DynamoDB, S3 and KMS for; botocore makes and reads each request."""

    def __init__(self, records: Sequence[AuditRecord], batches: Sequence[Batch], public_key: bytes) -> None:
        items = [_image_of(record) for record in records]
        self._pages = [_page_of(items, start) for start in range(0, len(items), _PAGE)]
        self._objects = {f"audit/{batch.day}/{batch.number:08}.json": document_of(batch) for batch in batches}
        self._public_key = public_key
        self.session = boto3.Session("bench", "bench", region_name="us-east-1")
        # botocore uses what a handler of this event returns; its types know only handlers that return nothing.
        hooks: Any = self.session.events
        hooks.register("before-send", self._answer)

    def _answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        url = urllib.parse.urlsplit(str(request.url))
        return AWSResponse(str(request.url), 200, HTTPHeaders(), _Raw(self._body_of(url, request)))

    def _body_of(self, url: urllib.parse.SplitResult, request: AWSPreparedRequest) -> bytes:
        if "dynamodb" in url.netloc:
            asked = json.loads(request.body or b"{}")  # type: ignore[arg-type] # a query has a text
            start = asked.get("ExclusiveStartKey", {"sk": {"S": "0"}})["sk"]["S"]
            return self._pages[int(start)]
        if "kms" in url.netloc:
            return json.dumps({"PublicKey": base64.b64encode(self._public_key).decode()}).encode()
        query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        if "versions" in query:
            return self._listed(query.get("key-marker", [""])[0])
        return self._objects[url.path.partition("/seals/")[2]]

    def _listed(self, after: str) -> bytes:
        keys = [key for key in self._objects if key > after]
        versions = "".join(f"<Version><Key>{key}</Key><VersionId>v1</VersionId></Version>" for key in keys[:1_000])
        is_more = len(keys) > 1_000
        more = (
            f"<NextKeyMarker>{keys[999]}</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>"
            if is_more
            else ""
        )
        truncated = f"<IsTruncated>{str(is_more).lower()}</IsTruncated>"
        return f"<ListVersionsResult>{truncated}{more}{versions}</ListVersionsResult>".encode()


def measure(effort: Effort) -> Findings:
    """Prove the same day again and again, each time from what the services answer."""
    key = ec.generate_private_key(ec.SECP256R1())
    records = [_record(number) for number in range(_RECORDS)]
    batches = _sealed(records, key)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    aws = _Aws(records, batches, public)
    runs = _RUNS if effort.quiet_turns >= Effort().quiet_turns else _QUICK_RUNS
    with one_core():
        seconds = sorted(_timed(aws) for _ in range(runs))
    middle = seconds[len(seconds) // 2]
    return Findings(
        (
            Measure(
                what="100,000 records in 1,440 batches",
                ours=f"{_RECORDS / middle:,.0f} records/s",
                result=Interval(middle, seconds[0], seconds[-1]),
                unit=Unit.SECONDS,
                aim=_AIM_SECONDS,
                n=len(seconds),
            ),
        ),
        ("All of it on this side: requests made, answers read, each link, each signature, each record. No network.",),
    )


def _timed(aws: _Aws) -> float:
    began = time.perf_counter()
    proof = _prove(aws)
    taken = time.perf_counter() - began
    assert (proof.sealed, proof.pending, proof.finding) == (_RECORDS, 0, None), proof
    return taken


def _prove(aws: _Aws) -> Proof:
    client = aws.session.client
    s3, kms, dynamodb = client("s3", endpoint_url="http://s3.test"), client("kms"), read_in_bulk(client("dynamodb"))
    seals = S3Seals(lambda: s3, "seals", Lock("GOVERNANCE", 1))
    key = KmsSealKey(lambda: kms, "alias/bench-seals")
    trail = DynamoAuditTrail(Tables(lambda name: f"bench-{name}", lambda: dynamodb))
    return prove_day(
        _DAY,
        seals.batches(_DAY),
        trail.of_day(_DAY),
        is_signed=lambda batch: key.is_signed(batch.signed_text, batch.signature),
        erased_at=lambda _: "",
        now=datetime(2026, 11, 23, 12, tzinfo=UTC),
    )


def _sealed(records: Sequence[AuditRecord], key: ec.EllipticCurvePrivateKey) -> list[Batch]:
    batches: list[Batch] = []
    size = -(-len(records) // _MINUTES)
    for start in range(0, len(records), size):
        minute = start // size
        at = f"{_DAY}T{minute // 60:02}:{minute % 60:02}:59.000Z"
        batch = next_batch(_DAY, batches[-1] if batches else None, records[start : start + size], at)
        batches.append(batch._replace(signature=key.sign(batch.signed_text, ec.ECDSA(SHA256()))))
    return batches


def _record(number: int) -> AuditRecord:
    second = number * 86_400 // _RECORDS
    return AuditRecord(
        id=f"aud_{number:026}",
        at=f"{_DAY}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000Z",
        actor=f"user-{number % 97}",
        roles=("Developer",),
        action="UpdateTenant",
        resource=f"tenants/tenant-{number % 1009}",
        trace_id=f"{number:032x}",
        tenant_id=f"tenant-{number % 1009}",
        reason="a reason such as people write",
        before={"ring": "general", "tier": "free"},
        after={"ring": "beta", "tier": "free"},
        ip="203.0.113.7",
        user_agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
        salt=f"{number:032x}",
        expires_at=2_016_284_400,
    )


def _image_of(record: AuditRecord) -> dict[str, Any]:
    texts = ("id", "at", "actor", "action", "resource", "trace_id", "tenant_id", "reason", "ip", "user_agent", "result")
    documents = {name: {"S": json.dumps(getattr(record, name))} for name in ("roles", "before", "after")}
    return {
        **{name: {"S": getattr(record, name)} for name in (*texts, "salt", "on_behalf_of", "erased")},
        **documents,
        "ttl": {"N": str(record.expires_at)},
    }


def _page_of(items: Sequence[dict[str, Any]], start: int) -> bytes:
    page: dict[str, Any] = {"Items": items[start : start + _PAGE], "Count": _PAGE}
    if start + _PAGE < len(items):
        page["LastEvaluatedKey"] = {"pk": {"S": "day"}, "sk": {"S": str(start // _PAGE + 1)}}
    return json.dumps(page).encode()


CASE = Case(
    name="audit-proof",
    title="Proving a day of the audit trail",
    method="What `GET /audit/verify` does for a day with 100,000 records, on one core; AWS answers from memory.",
    measure=measure,
)

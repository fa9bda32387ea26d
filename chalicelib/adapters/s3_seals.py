"""Seals of the audit trail in S3: an object a batch, which is locked when it is written."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.domain.audit_seals import Batch, Seal, SealTakenError
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_PREFIX = "audit/"
#: What a seal is made of; whatever else stands there is none of ours.
_SEAL_TYPES = (int, str, str, int, str)
#: So many objects are read at once: a busy day has a batch a minute.
_READERS = 16


class Lock(NamedTuple):
    """How objects are locked: ``GOVERNANCE`` or ``COMPLIANCE``, for so many days."""

    mode: str
    days: int


class _Stored(NamedTuple):
    key: str
    version_id: str


class S3Seals:
    """
    Batches under ``audit/<day>/<number>.json``.

    That the object must not exist yet is the fence between two sealers. Read is always the oldest version of an
    object: a second one, or the mark of a deletion, hides nothing and changes nothing.
    """

    def __init__(self, client: Callable[[], S3Client], bucket: str, lock: Lock) -> None:
        self._client = client
        self._bucket = bucket
        self._lock = lock
        self._heads: dict[str, tuple[_Stored, Batch]] = {}

    @translated("S3")
    def head(self, day: str) -> Batch | None:
        """Return the last batch of a day; only what came after the one that this process knows is looked for."""
        known = self._heads.get(day)
        later = [*self._stored(day, after=known[0].key if known else "")]
        if not later:
            return known[1] if known else None
        last = later[-1]
        batch = self._read(last)
        self._heads = {**{each: head for each, head in self._heads.items() if each >= day}, day: (last, batch)}
        return batch

    @translated("S3")
    def add(self, batch: Batch) -> None:
        """Write a batch where none is, and lock it."""
        client = self._client()
        content = document_of(batch)
        until = datetime.fromisoformat(batch.day).replace(tzinfo=UTC) + timedelta(days=1 + self._lock.days)
        try:
            client.put_object(
                Bucket=self._bucket,
                Key=f"{_PREFIX}{batch.day}/{batch.number:08}.json",
                Body=content,
                ContentType="application/json",
                # S3 locks only what comes with a checksum.
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=b64encode(sha256(content).digest()).decode(),
                IfNoneMatch="*",
                ObjectLockMode=self._lock.mode,  # type: ignore[arg-type] # one of two words
                ObjectLockRetainUntilDate=until,
            )
        except client.exceptions.ClientError as error:
            if code_of(error) in _TAKEN:
                raise SealTakenError(f"Another sealer wrote batch {batch.number} of {batch.day}.") from error
            raise

    @translated("S3")
    def batches(self, day: str) -> tuple[Batch, ...]:
        """Read all batches of a day."""
        with ThreadPoolExecutor(_READERS) as pool:
            return tuple(pool.map(self._read_whatever_it_is, self._stored(day)))

    def _stored(self, day: str, *, after: str = "") -> Iterator[_Stored]:
        """Go through the objects of a day in order, each in its oldest version."""
        pages = self._client().get_paginator("list_object_versions")
        oldest: _Stored | None = None
        for page in pages.paginate(Bucket=self._bucket, Prefix=f"{_PREFIX}{day}/", **_after(after)):
            # The versions of an object come one after the other, the newest first.
            for version in page.get("Versions", []):
                if oldest is not None and version["Key"] != oldest.key:
                    yield oldest
                oldest = _Stored(version["Key"], version["VersionId"])
        if oldest is not None:
            yield oldest

    def _read(self, stored: _Stored) -> Batch:
        found = self._client().get_object(Bucket=self._bucket, Key=stored.key, VersionId=stored.version_id)
        return _batch_of(found["Body"].read())

    def _read_whatever_it_is(self, stored: _Stored) -> Batch:
        """Read a batch; what is none is given as one that fits into no chain, so that it is named."""
        try:
            return self._read(stored)
        except (AttributeError, KeyError, TypeError, ValueError):
            return Batch("", 0, "", "", ())


def _after(key: str) -> dict[str, Any]:
    return {"KeyMarker": key} if key else {}


def document_of(batch: Batch) -> bytes:
    """Write a batch as the object that is kept."""
    document = {**batch._asdict(), "signature": b64encode(batch.signature).decode()}
    return json.dumps(document, separators=(",", ":")).encode()


def _batch_of(content: bytes) -> Batch:
    document = json.loads(content)
    seals = tuple(Seal(*each) for each in document["seals"])
    if any(tuple(map(type, seal)) != _SEAL_TYPES for seal in seals):
        raise TypeError("that is no seal")
    if rfc3339(datetime.fromisoformat(document["sealed_at"]).astimezone(UTC)) != document["sealed_at"]:
        raise ValueError("that is no time as we write it")
    return Batch(**{**document, "seals": seals, "signature": b64decode(document["signature"])})

"""The artifact store: packages as their authors sent them, and builds as Lambda gets them."""

from __future__ import annotations

import shutil
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256 as digest
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.times import rfc3339
from chalicelib.ports.artifacts import StoredObject, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from chalicelib.ports import Clock

_CHUNK_BYTES = 1024 * 1024
_ABSENT = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})


class S3Artifacts:
    """One versioned bucket."""

    def __init__(self, client: Callable[[], S3Client], bucket: str, clock: Clock) -> None:
        self._client = client
        self._bucket = bucket
        self._clock = clock

    def allow_upload(self, key: str, *, sha256: str, size: int, lifetime: timedelta) -> Upload:
        """
        Sign a PUT that the store accepts only with these bytes, and only once.

        Size, SHA-256 (hex) and ``If-None-Match: *`` are signed headers: the store compares the content with
        the checksum, and a request without them breaks the signature. ``""`` and 0 bind nothing.
        """
        parameters: dict[str, Any] = {"Bucket": self._bucket, "Key": key, "IfNoneMatch": "*"}
        headers = {"If-None-Match": "*"}
        if sha256:
            checksum = b64encode(bytes.fromhex(sha256)).decode()
            parameters["ChecksumSHA256"] = headers["x-amz-checksum-sha256"] = checksum
        if size:
            parameters["ContentLength"] = size
            headers["Content-Length"] = str(size)
        url = self._client().generate_presigned_url(
            "put_object", Params=parameters, ExpiresIn=int(lifetime.total_seconds())
        )
        expires_at = rfc3339(self._clock.now() + lifetime)
        return Upload("PUT", url, headers, expires_at)

    def allow_download(self, key: str, *, version_id: str, lifetime: timedelta) -> str:
        """Sign a GET of exactly that version of the object; return its URL."""
        return self._client().generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": key, "VersionId": version_id},
            ExpiresIn=int(lifetime.total_seconds()),
        )

    @translated("S3")
    def stat(self, key: str) -> StoredObject | None:
        """Describe the newest version of an object; None when there is none. ``""``: it came without SHA-256."""
        client = self._client()
        try:
            found = client.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        except client.exceptions.ClientError as error:
            if code_of(error) in _ABSENT:
                return None
            raise
        sha256 = b64decode(found.get("ChecksumSHA256", "")).hex()
        return StoredObject(found["ContentLength"], sha256, found.get("VersionId", "null"))

    @contextmanager
    def open(self, key: str, *, version_id: str) -> Iterator[BinaryIO]:
        """
        Give that version of the object as a seekable file on local disk, removed on leaving.

        Raises:
            NotFoundError: There is no such version of it.
        """
        with TemporaryFile() as file:
            self._download(key, version_id, cast("BinaryIO", file))
            file.seek(0)
            yield cast("BinaryIO", file)

    @translated("S3")
    def put_build(self, key: str, content: bytes) -> None:
        """Store a package with its runtime in it; the same key always has the same bytes, so the first one stays."""
        client = self._client()
        checksum = b64encode(digest(content).digest()).decode()
        try:
            client.put_object(Bucket=self._bucket, Key=key, Body=content, ChecksumSHA256=checksum, IfNoneMatch="*")
        except client.exceptions.ClientError as error:
            if code_of(error) != "PreconditionFailed":
                raise

    @translated("S3")
    def _download(self, key: str, version_id: str, file: BinaryIO) -> None:
        client = self._client()
        try:
            found = client.get_object(Bucket=self._bucket, Key=key, VersionId=version_id)
        except client.exceptions.ClientError as error:
            if code_of(error) in _ABSENT:
                raise NotFoundError("The package is not in the store.", fix="Upload it again.") from error
            raise
        shutil.copyfileobj(found["Body"], file, _CHUNK_BYTES)

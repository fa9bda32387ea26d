"""What a client meets at the addresses that the store signs, on the emulator."""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from chalicelib import bootstrap
from chalicelib.domain.errors import NotFoundError
from chalicelib.ports import ArtifactStore, Upload
from chalicelib.settings import Settings

pytestmark = pytest.mark.loopback

KEY = "packages/stripe-gateway/1.0.0/abc.zip"
CONTENT = b"the package"


@pytest.fixture
def artifacts(emulated: Settings) -> ArtifactStore:
    return bootstrap.connect(emulated).artifacts


def permission(artifacts: ArtifactStore, content: bytes = CONTENT, *, seconds: int = 900) -> Upload:
    return artifacts.allow_upload(
        KEY, sha256=sha256(content).hexdigest(), size=len(content), lifetime=timedelta(seconds=seconds)
    )


def send(method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Send exactly these headers; http.client adds none of its own but Host."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_announced_bytes_are_taken_and_can_be_had_again(artifacts: ArtifactStore) -> None:
    upload = permission(artifacts)

    status, _ = send(upload.method, upload.url, CONTENT, upload.headers)

    stored = artifacts.stat(KEY)
    assert status == 200
    assert stored is not None
    assert (stored.size, stored.sha256) == (len(CONTENT), sha256(CONTENT).hexdigest())
    download = artifacts.allow_download(KEY, version_id=stored.version_id, lifetime=timedelta(minutes=5))
    assert send("GET", download) == (200, CONTENT)


def test_other_bytes_of_the_same_size_are_refused(artifacts: ArtifactStore) -> None:
    upload = permission(artifacts)

    status, _ = send(upload.method, upload.url, CONTENT[::-1], upload.headers)

    assert status == 400
    assert artifacts.stat(KEY) is None


def test_the_same_address_takes_no_second_object(artifacts: ArtifactStore) -> None:
    upload = permission(artifacts)
    send(upload.method, upload.url, CONTENT, upload.headers)
    first = artifacts.stat(KEY)

    status, _ = send(upload.method, upload.url, CONTENT, upload.headers)

    assert status == 412
    assert artifacts.stat(KEY) == first


def test_the_signature_covers_size_checksum_and_once(artifacts: ArtifactStore) -> None:
    upload = permission(artifacts)

    query = urlsplit(upload.url).query
    assert "X-Amz-SignedHeaders=content-length%3Bhost%3Bif-none-match%3Bx-amz-checksum-sha256" in query


def test_an_unannounced_package_is_bound_to_nothing_but_its_key(artifacts: ArtifactStore) -> None:
    upload = artifacts.allow_upload(KEY, sha256="", size=0, lifetime=timedelta(minutes=15))

    status, _ = send(upload.method, upload.url, CONTENT, upload.headers)

    stored = artifacts.stat(KEY)
    assert status == 200
    assert stored is not None
    assert stored.size == len(CONTENT)
    with artifacts.open(KEY, version_id=stored.version_id) as file:
        assert file.read() == CONTENT


def test_a_version_that_is_not_there_is_not_found(artifacts: ArtifactStore) -> None:
    with pytest.raises(NotFoundError), artifacts.open(KEY, version_id="00000000-0000-0000-0000-000000000000"):
        pass


def test_an_address_that_has_expired_takes_nothing(artifacts: ArtifactStore) -> None:
    upload = permission(artifacts, seconds=0)

    status, _ = send(upload.method, upload.url, CONTENT, upload.headers)

    assert status == 403
    assert artifacts.stat(KEY) is None


@pytest.mark.parametrize("left_out", ["x-amz-checksum-sha256", "If-None-Match"])
def test_an_upload_without_what_was_signed_is_refused(artifacts: ArtifactStore, left_out: str) -> None:
    upload = permission(artifacts)
    headers = {name: value for name, value in upload.headers.items() if name != left_out}

    status, _ = send(upload.method, upload.url, CONTENT, headers)

    assert status == 403
    assert artifacts.stat(KEY) is None


def test_an_upload_of_another_size_is_refused(artifacts: ArtifactStore) -> None:
    upload = permission(artifacts)
    longer = CONTENT + b"!"

    status, _ = send(upload.method, upload.url, longer, {**upload.headers, "Content-Length": str(len(longer))})

    assert status == 403
    assert artifacts.stat(KEY) is None

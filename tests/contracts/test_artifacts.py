"""Contract of the artifact store, but for what only a client over HTTP can see (tests/stack)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import boto3
import pytest

from chalicelib import bootstrap
from chalicelib.ports import ArtifactStore
from chalicelib.settings import Settings
from tests.fakes import FakeWorld

KEY = "packages/stripe-gateway/1.0.0/abc.zip"


@dataclass(frozen=True)
class Store:
    """A store, and what a client does with a permission to upload: it returns the version id."""

    artifacts: ArtifactStore
    upload: Callable[[str, bytes], str]


@pytest.fixture(params=["memory", "moto"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        world = FakeWorld()
        yield Store(world.artifacts, world.artifacts.put)
        return
    settings: Settings = request.getfixturevalue("aws")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=settings.bucket)
    s3.put_bucket_versioning(Bucket=settings.bucket, VersioningConfiguration={"Status": "Enabled"})

    def upload(key: str, content: bytes) -> str:
        put = s3.put_object(Bucket=settings.bucket, Key=key, Body=content, ChecksumAlgorithm="SHA256")
        return put["VersionId"]

    yield Store(bootstrap.connect(settings).artifacts, upload)


def test_stat_describes_the_newest_version(store: Store) -> None:
    store.upload(KEY, b"old")
    version_id = store.upload(KEY, b"newer")

    found = store.artifacts.stat(KEY)

    assert found is not None
    assert (found.size, found.sha256, found.version_id) == (5, sha256(b"newer").hexdigest(), version_id)


def test_stat_knows_nothing_of_what_was_never_uploaded(store: Store) -> None:
    assert store.artifacts.stat(KEY) is None


def test_open_gives_exactly_the_version_that_was_asked_for(store: Store) -> None:
    version_id = store.upload(KEY, b"checked")
    store.upload(KEY, b"swapped afterwards")

    with store.artifacts.open(KEY, version_id=version_id) as file:
        content = file.read()
        file.seek(1)
        tail = file.read()

    assert (content, tail) == (b"checked", b"hecked")


def test_a_build_stays_as_it_was_first_stored(store: Store) -> None:
    store.artifacts.put_build("builds/x.zip", b"build")
    first = store.artifacts.stat("builds/x.zip")

    store.artifacts.put_build("builds/x.zip", b"build")

    assert store.artifacts.stat("builds/x.zip") == first


def test_a_permission_names_the_object_and_ends(store: Store) -> None:
    upload = store.artifacts.allow_upload(KEY, sha256="ab" * 32, size=12, lifetime=timedelta(minutes=15))
    download = store.artifacts.allow_download(KEY, version_id="v1", lifetime=timedelta(minutes=5))

    assert upload.method == "PUT"
    assert KEY in upload.url
    assert upload.expires_at.endswith("Z")
    assert KEY in download
    assert "versionId=v1" in download

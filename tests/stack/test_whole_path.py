"""From a folder of code to two tenants who are served by it, and to the next version: over HTTP only."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.packages import a_package
from tests.stack.product import Product
from tests.stack.running_stack import Answer, eventually

PLUGIN = "tax-of-two"
TENANTS = {"north": 7, "south": 19}

#: Adds the tenant's own rate, and proves its secret by a digest.
SOURCE = """
import hashlib

RELEASE = "{release}"

def handle(operation, input, context):
    return {{
        "release": RELEASE,
        "tenant": context.tenant_id,
        "gross": input["net"] + context.config["rate"],
        "key": hashlib.sha256(context.secrets["apiKey"].encode()).hexdigest(),
    }}
"""
INPUT = {"type": "object", "required": ["net"], "properties": {"net": {"type": "integer"}}}
MANIFEST: dict[str, Any] = {
    "operations": {"tax": {"input": INPUT, "output": {"type": "object", "required": ["gross"]}}},
    "secrets": ["apiKey"],
}


def package(release: str) -> bytes:
    return a_package(SOURCE.format(release=release), name=PLUGIN, version=release, **MANIFEST)


def secret_of(tenant: str) -> str:
    return f"sk_of_{tenant}"


@dataclass(frozen=True, slots=True)
class Path:
    """The story so far: 1.0.0 is published, deployed, and has answered both tenants."""

    product: Product
    uploaded: bytes
    finalized: Answer
    version: dict[str, Any]
    deployment: dict[str, Any]
    answers: dict[str, Answer]

    def tax(self, tenant: str, net: object = 100) -> Answer:
        return self.product.invoke(PLUGIN, tenant, "tax", {"net": net})

    def wait_for(self, tenant: str, version: str) -> None:
        # Routers follow within 2 s of the write (CONTRACT §4).
        eventually(lambda: self.tax(tenant).body["version"] == version, within_seconds=2)


@pytest.fixture(scope="module")
def path(product: Product) -> Path:
    uploaded = package("1.0.0")
    product.register(PLUGIN)
    announced = product.announce(PLUGIN, "1.0.0", uploaded)
    assert (announced.status, announced.body["status"]) == (201, "Draft")
    assert product.upload(announced, uploaded) == 200
    finalized = product.finalize(PLUGIN, "1.0.0")
    version = product.settled(PLUGIN, "1.0.0")
    deployment = product.deploy(PLUGIN, "1.0.0")
    for tenant, rate in TENANTS.items():
        product.install(PLUGIN, tenant, {"rate": rate}, apiKey=secret_of(tenant))
    answers = {tenant: product.invoke(PLUGIN, tenant, "tax", {"net": 100}) for tenant in TENANTS}
    return Path(product, uploaded, finalized, version, deployment, answers)


def test_finalized_version_becomes_ready_with_the_digest_that_was_uploaded(path: Path) -> None:
    assert (path.finalized.status, path.finalized.body["status"]) == (202, "Verifying")
    assert (path.version["status"], path.version["findings"]) == ("Ready", [])
    assert path.version["sha256"] == hashlib.sha256(path.uploaded).hexdigest()
    assert path.version["size"] == len(path.uploaded)
    assert path.version["manifest"]["secrets"] == ["apiKey"]
    assert path.version["readyAt"] > path.version["createdAt"]


def test_start_of_the_plugins_own_code_is_measured(path: Path) -> None:
    # 5 s is what no start of an empty module takes, on any machine; the figure itself is the bench's.
    assert 0 < path.version["initMs"] < 5000


def test_published_lambda_version_holds_the_build_that_was_stored(path: Path) -> None:
    functions, store = path.product.stack.client("lambda"), path.product.stack.client("s3")
    bucket = path.product.stack.info.outputs["ArtifactBucketName"]

    alias = functions.get_alias(FunctionName=f"hotswap-plugin-{PLUGIN}", Name="v1-0-0")
    published = functions.get_function_configuration(FunctionName=f"hotswap-plugin-{PLUGIN}", Qualifier="v1-0-0")
    (build,) = store.list_objects_v2(Bucket=bucket, Prefix=f"builds/{PLUGIN}/1.0.0/")["Contents"]
    stored = store.get_object(Bucket=bucket, Key=build["Key"])["Body"].read()
    probed = functions.invoke(
        FunctionName=f"hotswap-plugin-{PLUGIN}", Qualifier="v1-0-0", Payload=json.dumps({"hotswap": "probe"})
    )

    assert alias["FunctionVersion"] == path.version["lambdaVersion"]
    assert published["State"] == "Active"
    assert path.version["sha256"] in published["Description"]
    assert build["Key"].endswith(f"/{hashlib.sha256(stored).hexdigest()}.zip")
    assert json.load(probed["Payload"])["probe"]["sha256"] == path.version["sha256"]


def test_package_that_is_downloaded_is_the_one_that_was_uploaded(path: Path) -> None:
    link = path.product.ask("GET", f"/plugins/{PLUGIN}/versions/1.0.0/download")

    assert link.body["sha256"] == path.version["sha256"]
    assert path.product.fetch(link.body["url"]) == path.uploaded


def test_direct_deployment_completes_step_by_step_with_a_timeline(path: Path) -> None:
    timeline = path.product.ask("GET", f"/deployments/{path.deployment['deploymentId']}/timeline")

    assert (path.deployment["status"], path.deployment["candidatePercentage"]) == ("Completed", 100)
    assert [(step["kind"], step["status"]) for step in path.deployment["plan"]] == [
        ("warm", "Completed"),
        ("smoke", "Completed"),
        ("shift", "Completed"),
        ("observe", "Completed"),
    ]
    assert [check["outcome"] for check in path.deployment["healthChecks"]] == ["pass"]
    assert timeline.body["items"][0]["action"] == "CreateDeployment"
    assert timeline.body["items"][-1]["action"] == "CompleteDeployment"


def test_each_tenant_is_answered_with_its_own_config_and_secret(path: Path) -> None:
    for tenant, rate in TENANTS.items():
        answer = path.answers[tenant]

        assert answer.status == 200
        assert answer.body["result"] == {
            "release": "1.0.0",
            "tenant": tenant,
            "gross": 100 + rate,
            "key": hashlib.sha256(secret_of(tenant).encode()).hexdigest(),
        }
        assert answer.body["executionId"].startswith("exe_")


def test_headers_of_an_answer_name_version_and_reason(path: Path) -> None:
    for answer in path.answers.values():
        named = answer.headers["X-HotSwap-Version"], answer.headers["X-HotSwap-Reason"]

        assert named == ("1.0.0", "stable") == (answer.body["version"], answer.body["reason"])


def test_alias_of_the_environment_mirrors_the_route_and_the_lease_is_free(path: Path) -> None:
    mirror = path.product.alias(PLUGIN, "development")

    assert mirror["FunctionVersion"] == path.version["lambdaVersion"]
    assert not mirror.get("RoutingConfig", {}).get("AdditionalVersionWeights")
    assert path.product.lease_holder(PLUGIN) == ""


def test_second_version_reaches_both_tenants_and_their_configs_stay(path: Path) -> None:
    path.product.send_in(PLUGIN, "2.0.0", package("2.0.0"))
    published = path.product.settled(PLUGIN, "2.0.0")

    ended = path.product.deploy(PLUGIN, "2.0.0")

    assert (ended["status"], ended["previousVersion"]) == ("Completed", "1.0.0")
    for tenant, rate in TENANTS.items():
        path.wait_for(tenant, "2.0.0")
        result = path.tax(tenant).body["result"]
        assert (result["release"], result["gross"]) == ("2.0.0", 100 + rate)
    assert path.product.alias(PLUGIN, "development")["FunctionVersion"] == published["lambdaVersion"]
    assert path.product.alias(PLUGIN, "v1-0-0")["FunctionVersion"] == path.version["lambdaVersion"]

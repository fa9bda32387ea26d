"""What the packaged template must never say, whoever changes it: access, encryption, doors, secrets."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.api.openapi import operations_of
from infra.package import build_package

PUBLIC = ("*", {"AWS": "*"})
#: A key's own policy gives its account the right to decide by IAM: there "*" is the key itself.
STAR_IS_ITSELF = {"AWS::KMS::Key"}
#: AWS knows no resources for the delivery of logs, nor for metrics.
WITHOUT_RESOURCES = ("logs:", "cloudwatch:GetMetricData")
SECRET_WORDS = re.compile(r"(secret|password|token|private.?key)", re.IGNORECASE)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(build_package().template_path.read_text())
    return document


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    found = {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}
    assert found, f"there is no {kind} any more: this test proves nothing"
    return found


def statements(part: Any) -> Iterator[dict[str, Any]]:
    """Go through all statements of all policies in a part of the template."""
    if isinstance(part, list):
        for each in part:
            yield from statements(each)
    elif isinstance(part, dict):
        if "Effect" in part:
            yield part
        for each in part.values():
            yield from statements(each)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def texts(value: Any) -> list[Any]:
    """List values as they are written, within a substitution or not."""
    return [each.get("Fn::Sub", each) if isinstance(each, dict) else each for each in listed(value)]


def test_no_policy_allows_everything_or_everybody(template: dict[str, Any]) -> None:
    wrong = []
    for name, resource in template["Resources"].items():
        for statement in statements(resource["Properties"]):
            if statement["Effect"] != "Allow":
                continue
            is_itself = resource["Type"] in STAR_IS_ITSELF
            named = listed(statement.get("Action", []))
            needs_star = is_itself or all(each.startswith(WITHOUT_RESOURCES) for each in named)
            stars = [each for each in texts(statement.get("Resource", [])) if each == "*" and not needs_star]
            actions = [each for each in named if "*" in each and not is_itself]
            public = [each for each in listed(statement.get("Principal", [])) if each in PUBLIC]
            wrong += [(name, each) for each in (*stars, *actions, *public)]

    assert wrong == []


def test_every_bucket_is_private_encrypted_versioned_and_speaks_tls_only(template: dict[str, Any]) -> None:
    buckets = of_type(template, "AWS::S3::Bucket")
    policies = of_type(template, "AWS::S3::BucketPolicy")
    guarded = {
        policy["Bucket"]["Ref"]
        for policy in policies.values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }

    assert guarded == set(buckets)
    for bucket in buckets.values():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_plain_http_is_refused_unless_somebody_says_otherwise(template: dict[str, Any]) -> None:
    assert template["Parameters"]["TlsOnly"]["Default"] == "true"
    assert template["Parameters"]["LimitFactor"]["Default"] == 1


def test_what_holds_data_stays_when_the_stack_goes(template: dict[str, Any]) -> None:
    kinds = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Cognito::UserPool"}
    policies = {
        name: each.get("DeletionPolicy") for name, each in template["Resources"].items() if each["Type"] in kinds
    }

    assert len(policies) == 12, "eight tables, a bucket, two keys, a user pool"
    assert set(policies.values()) == {"RetainExceptOnCreate"}


def test_keys_that_encrypt_are_rotated(template: dict[str, Any]) -> None:
    encrypting = [key for key in of_type(template, "AWS::KMS::Key").values() if key.get("KeyUsage") != "SIGN_VERIFY"]

    assert encrypting
    assert all(key["EnableKeyRotation"] is True for key in encrypting)


def test_nobody_signs_up_alone_and_passwords_are_long(template: dict[str, Any]) -> None:
    (pool,) = of_type(template, "AWS::Cognito::UserPool").values()
    (client,) = of_type(template, "AWS::Cognito::UserPoolClient").values()

    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] >= 12
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["EnableTokenRevocation"] is True
    assert "custom:tenant_id" not in client["WriteAttributes"]
    assert client["IdTokenValidity"] <= 60


def test_every_route_but_the_open_ones_stands_behind_the_authorizer(template: dict[str, Any]) -> None:
    from app import app  # noqa: PLC0415 - the whole application, for this one

    open_ones = {(each.path, each.method.lower()) for each in operations_of(app) if each.contract.is_open}
    (api,) = of_type(template, "AWS::Serverless::Api").values()
    unguarded = {
        (path, method)
        for path, methods in api["DefinitionBody"]["paths"].items()
        for method, operation in methods.items()
        if not operation.get("security")
    }

    assert unguarded == open_ones


def test_the_gateway_throttles_everybody_and_logins_more(template: dict[str, Any]) -> None:
    (api,) = of_type(template, "AWS::Serverless::Api").values()
    settings = {(each["ResourcePath"], each["HttpMethod"]): each for each in api["MethodSettings"]}

    assert set(settings) == {
        ("/*", "*"),
        ("/v1/authentication/login", "POST"),
        ("/v1/authentication/refresh", "POST"),
    }
    assert all(each["ThrottlingRateLimit"] and each["ThrottlingBurstLimit"] for each in settings.values())


def test_no_origin_may_read_answers_across_sites(template: dict[str, Any]) -> None:
    assert "access-control-allow-origin" not in json.dumps(template).lower()


def test_no_function_has_a_secret_in_its_environment(template: dict[str, Any]) -> None:
    names = set(template["Globals"]["Function"]["Environment"]["Variables"]) if "Globals" in template else set()
    for function in of_type(template, "AWS::Serverless::Function").values():
        names |= set(function.get("Environment", {}).get("Variables", {}))

    assert names
    assert [name for name in names if SECRET_WORDS.search(name)] == []


def test_nothing_is_open_to_the_internet_by_its_own_address(template: dict[str, Any]) -> None:
    kinds = {each["Type"] for each in template["Resources"].values()}

    assert not kinds & {"AWS::Lambda::Url", "AWS::EC2::SecurityGroup", "AWS::S3::AccessPoint"}
    permissions = of_type(template, "AWS::Lambda::Permission").values()
    assert all(each.get("SourceArn") or each.get("SourceAccount") for each in permissions)

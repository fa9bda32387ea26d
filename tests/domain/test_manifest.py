"""What a manifest may say, what it means when it is silent, and what an author is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chalicelib.domain.findings import Finding
from chalicelib.domain.manifest import Manifest, manifest_schema
from chalicelib.domain.manifest_reading import MAX_FINDINGS, MAX_MANIFEST_BYTES, InvalidManifest, parse_manifest
from chalicelib.domain.plugins import PluginType
from tests.packages import a_manifest

ROOT = Path(__file__).parents[2]

#: The example of the contract, with a schema in each place where it has an ellipsis.
CONTRACT = {
    "name": "payment-processor-stripe",
    "version": "2.0.0",
    "type": "PaymentGateway",
    "entryPoint": "stripe_gateway:handle",
    "runtime": "python3.13",
    "operations": {"charge": {"input": {"type": "object"}, "output": {}, "retryable": False}, "ping": {}},
    "configSchema": {"type": "object"},
    "secrets": ["apiKey"],
    "dependencies": {"currency-converter": "^1.4"},
    "hostApi": ">=1,<2",
    "permissions": {"network": ["api.stripe.com"]},
    "resources": {"memoryMb": 512, "timeoutSeconds": 30, "maxConcurrency": 10},
    "stateSchema": 2,
    "isolation": "shared",
    "healthCheck": {"operation": "ping", "input": {}},
    "sandboxTests": [{"name": "charges a card", "operation": "charge", "config": {}, "input": {}, "expect": {}}],
}


def read(**changes: object) -> Manifest | InvalidManifest:
    return parse_manifest(json.dumps(a_manifest(**changes)).encode())


def findings(**changes: object) -> list[tuple[str, str]]:
    manifest = read(**changes)
    return [(each.code, each.where) for each in manifest.findings] if isinstance(manifest, InvalidManifest) else []


def test_the_example_of_the_contract_is_read_and_written_back_as_it_was() -> None:
    manifest = parse_manifest(json.dumps(CONTRACT).encode())

    assert isinstance(manifest, Manifest)
    assert {**manifest.document(), "operations": CONTRACT["operations"]} == CONTRACT
    assert (manifest.module, manifest.function) == ("stripe_gateway", "handle")


def test_a_manifest_that_says_little_has_the_defaults() -> None:
    manifest = read()

    assert isinstance(manifest, Manifest)
    assert list(manifest.operations) == ["handle"]
    assert manifest.operations["handle"].input == manifest.operations["handle"].output == {}
    assert not manifest.operations["handle"].retryable
    assert (manifest.resources.memory_mb, manifest.resources.timeout_seconds) == (512, 30)
    assert (manifest.isolation, manifest.state_schema, manifest.runtime) == ("shared", 0, "python3.13")
    assert manifest.health_check is None


def test_what_is_written_back_is_read_as_the_same() -> None:
    manifest = parse_manifest(json.dumps(CONTRACT).encode())

    assert isinstance(manifest, Manifest)
    assert parse_manifest(json.dumps(manifest.document()).encode()) == manifest


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "1.0.0-beta.1+5"},
        {"entryPoint": "package.module_1:do"},
        {"resources": {"memoryMb": 128, "timeoutSeconds": 1}},
        {"resources": {"memoryMb": 10_240, "timeoutSeconds": 900}},
        {"resources": {"maxConcurrency": 10, "provisionedConcurrency": 10}},
        {"permissions": {"network": ["*.stripe.com", "xn--bcher-kva.example"]}},
        {"isolation": "shared"},
        {"isolation": "per_tenant"},
        {"runtime": "python3.14"},
        {"operations": {"a.b-c_2": {"input": {"$schema": "http://json-schema.org/draft-07/schema"}}}},
        {
            "configSchema": {
                "$id": "https://example.com/mine",
                "definitions": {"a~b/c": {}},
                "$ref": "#/definitions/a~0b~1c",
            }
        },
        {"configSchema": {"properties": {"$id": {"type": "string"}, "a": {"$ref": "#"}}}},
        {"configSchema": {"allOf": [{"type": "object"}], "properties": {"a": {"$ref": "#/allOf/0"}}}},
        {"$schema": "../plugin.schema.json"},
        {"hostApi": ">=1.2, <2"},
    ],
)
def test_what_the_contract_allows_is_accepted(changes: dict[str, Any]) -> None:
    assert findings(**changes) == []


@pytest.mark.parametrize(
    "changes,code,where",
    [
        ({"name": None}, "MANIFEST_FIELD_MISSING", "/name"),
        ({"name": "Ab"}, "MANIFEST_FIELD_INVALID", "/name"),
        ({"name": "abc\n"}, "MANIFEST_FIELD_INVALID", "/name"),
        ({"version": "01.0.0"}, "MANIFEST_FIELD_INVALID", "/version"),
        ({"version": "1.0"}, "MANIFEST_FIELD_INVALID", "/version"),
        ({"version": 1}, "MANIFEST_FIELD_INVALID", "/version"),
        ({"type": "Payment"}, "MANIFEST_FIELD_INVALID", "/type"),
        ({"entryPoint": "stripe_gateway.py"}, "MANIFEST_FIELD_INVALID", "/entryPoint"),
        ({"entryPoint": "a/b:handle"}, "MANIFEST_FIELD_INVALID", "/entryPoint"),
        ({"entryPoint": "..evil:handle"}, "MANIFEST_FIELD_INVALID", "/entryPoint"),
        ({"runtime": "python3.10"}, "MANIFEST_FIELD_INVALID", "/runtime"),
        ({"operations": {}}, "MANIFEST_FIELD_INVALID", "/operations"),
        ({"operations": {"": {}}}, "MANIFEST_FIELD_INVALID", "/operations/"),
        ({"operations": {"a/b": {}}}, "MANIFEST_FIELD_INVALID", "/operations/a~1b"),
        ({"operations": {"a": {"input": True}}}, "MANIFEST_FIELD_INVALID", "/operations/a/input"),
        ({"operations": {"a": {"retryable": "yes"}}}, "MANIFEST_FIELD_INVALID", "/operations/a/retryable"),
        ({"operations": {"a": {"inputs": {}}}}, "MANIFEST_FIELD_UNKNOWN", "/operations/a/inputs"),
        ({"operations": [1]}, "MANIFEST_FIELD_INVALID", "/operations"),
        ({"configSchema": {"type": "strin"}}, "SCHEMA_INVALID", "/configSchema/type"),
        ({"configSchema": {"pattern": "("}}, "SCHEMA_INVALID", "/configSchema/pattern"),
        (
            {"configSchema": {"$schema": "https://json-schema.org/draft/2020-12/schema"}},
            "SCHEMA_DIALECT",
            "/configSchema/$schema",
        ),
        ({"configSchema": {"$ref": "http://169.254.169.254/"}}, "SCHEMA_REFERENCE", "/configSchema/$ref"),
        ({"configSchema": {"$ref": "#/definitions/none"}}, "SCHEMA_REFERENCE", "/configSchema/$ref"),
        ({"configSchema": {"$ref": "#/allOf/7", "allOf": [{}]}}, "SCHEMA_REFERENCE", "/configSchema/$ref"),
        ({"configSchema": {"const": {"$ref": "file:///etc/passwd"}}}, "SCHEMA_REFERENCE", "/configSchema/const/$ref"),
        ({"configSchema": {"items": [{"$id": "http://x"}]}}, "SCHEMA_REFERENCE", "/configSchema/items/0/$id"),
        ({"operations": {"a": {"output": {"$ref": "other.json"}}}}, "SCHEMA_REFERENCE", "/operations/a/output/$ref"),
        ({"secrets": ["a", "a"]}, "MANIFEST_FIELD_INVALID", "/secrets"),
        ({"secrets": ["api key"]}, "MANIFEST_FIELD_INVALID", "/secrets/0"),
        ({"dependencies": {"Bad": "^1"}}, "MANIFEST_FIELD_INVALID", "/dependencies/Bad"),
        ({"dependencies": {"good": ""}}, "MANIFEST_FIELD_INVALID", "/dependencies/good"),
        ({"hostApi": "any"}, "MANIFEST_FIELD_INVALID", "/hostApi"),
        ({"permissions": {"network": ["https://api.stripe.com"]}}, "MANIFEST_FIELD_INVALID", "/permissions/network/0"),
        ({"permissions": {"network": ["10.0.0.1"]}}, "MANIFEST_FIELD_INVALID", "/permissions/network/0"),
        ({"permissions": {"net": []}}, "MANIFEST_FIELD_UNKNOWN", "/permissions/net"),
        ({"resources": {"memoryMb": 127}}, "MANIFEST_FIELD_INVALID", "/resources/memoryMb"),
        ({"resources": {"memoryMb": 10_241}}, "MANIFEST_FIELD_INVALID", "/resources/memoryMb"),
        ({"resources": {"memoryMb": True}}, "MANIFEST_FIELD_INVALID", "/resources/memoryMb"),
        ({"resources": {"timeoutSeconds": 0}}, "MANIFEST_FIELD_INVALID", "/resources/timeoutSeconds"),
        ({"resources": {"timeoutSeconds": 901}}, "MANIFEST_FIELD_INVALID", "/resources/timeoutSeconds"),
        (
            {"resources": {"maxConcurrency": 1, "provisionedConcurrency": 2}},
            "MANIFEST_FIELD_INVALID",
            "/resources/provisionedConcurrency",
        ),
        ({"stateSchema": -1}, "MANIFEST_FIELD_INVALID", "/stateSchema"),
        ({"isolation": "none"}, "MANIFEST_FIELD_INVALID", "/isolation"),
        ({"healthCheck": {"operation": "png"}}, "MANIFEST_UNKNOWN_OPERATION", "/healthCheck/operation"),
        (
            {"operations": {"a": {"input": {"required": ["n"]}}}, "healthCheck": {"operation": "a"}},
            "MANIFEST_HEALTH_CHECK",
            "/healthCheck/input",
        ),
        (
            {"sandboxTests": [{"name": "t", "operation": "x"}]},
            "MANIFEST_UNKNOWN_OPERATION",
            "/sandboxTests/0/operation",
        ),
        (
            {"sandboxTests": [{"name": "t", "operation": "handle"}, {"name": "t", "operation": "handle"}]},
            "MANIFEST_FIELD_INVALID",
            "/sandboxTests/1/name",
        ),
    ],
)
def test_what_the_contract_forbids_is_found_where_it_stands(changes: dict[str, Any], code: str, where: str) -> None:
    assert findings(**changes) == [(code, f"plugin.json#{where}")]


def test_everything_wrong_is_found_at_once_and_each_finding_has_a_fix() -> None:
    manifest = read(
        name="X", version="1", type=None, resources={"memoryMb": 1}, configSchema={"type": 7}, isolaton="shared"
    )

    assert isinstance(manifest, InvalidManifest)
    assert {each.where.removeprefix("plugin.json#/") for each in manifest.findings} == {
        "name",
        "version",
        "type",
        "resources/memoryMb",
        "configSchema/type",
        "isolaton",
    }
    assert all(each.message and each.fix and each.severity == "error" for each in manifest.findings)
    assert "Did you mean isolation?" in {each.fix for each in manifest.findings}


def test_an_unknown_field_like_no_other_is_answered_with_the_known_ones() -> None:
    manifest = read(qwerty=1)

    assert isinstance(manifest, InvalidManifest)
    assert "entryPoint" in manifest.findings[0].fix


def test_findings_are_no_more_than_an_author_can_read() -> None:
    manifest = read(**{f"field{number}": number for number in range(500)})

    assert isinstance(manifest, InvalidManifest)
    assert len(manifest.findings) == MAX_FINDINGS


@pytest.mark.parametrize(
    "raw,message",
    [
        (b"", "It is not JSON at line 1, column 1"),
        (b'{"name": }', "It is not JSON at line 1, column 10"),
        (b"[]", "not an object"),
        (b"\xff\xfe{}", "Byte 0 is not UTF-8"),
        (b'{"a": NaN}', "a number that JSON does not know: NaN"),
        (b'{"a": {"b": 1, "b": 2}}', "The key 'b' stands twice"),
        (b"[" * 50_000, "nested too deeply"),
        (b'{"n": ' + b"9" * 5_000 + b"}", "a number that JSON does not know"),
        (b" " * (MAX_MANIFEST_BYTES + 1), "more than 128 KiB"),
    ],
)
def test_bytes_that_are_no_manifest_say_why(raw: bytes, message: str) -> None:
    manifest = parse_manifest(raw)

    assert isinstance(manifest, InvalidManifest)
    assert message in manifest.findings[0].message
    assert manifest.findings[0].fix


def test_half_a_character_in_a_field_is_a_finding() -> None:
    assert isinstance(parse_manifest(b'{"name": "\\ud800"}'), InvalidManifest)


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*CONTRACT, "x"]), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_bytes_make_the_reader_fail(raw: bytes) -> None:
    manifest = parse_manifest(raw)

    assert isinstance(manifest, InvalidManifest)
    assert manifest.findings


def test_a_manifest_that_agrees_with_its_registration_has_no_disagreement() -> None:
    manifest = read()

    assert isinstance(manifest, Manifest)
    assert manifest.disagreements(name="echo", version="1.0.0", type_=PluginType.OTHER) == ()
    assert manifest.disagreements(name="echo", version="1.0.0") == ()


def test_a_manifest_that_disagrees_says_where_and_with_what() -> None:
    manifest = read()

    assert isinstance(manifest, Manifest)
    found = manifest.disagreements(name="other", version="1.0.1", type_=PluginType.AUTH_PROVIDER)
    assert [each.where for each in found] == ["plugin.json#/name", "plugin.json#/version", "plugin.json#/type"]
    assert found[1] == Finding(
        "MANIFEST_DISAGREES",
        "plugin.json#/version",
        "The manifest says 1.0.0, but this upload was registered as 1.0.1.",
        'Write "version": "1.0.1" in plugin.json, or register what the manifest says.',
    )


def test_the_published_schema_is_the_one_of_the_model() -> None:
    published = json.loads((ROOT / "docs/plugin.schema.json").read_text(encoding="utf-8"))

    assert published == manifest_schema(), (
        "write it anew: python -m chalicelib.domain.manifest > docs/plugin.schema.json"
    )


def test_the_published_schema_accepts_the_example_and_the_example_plugins() -> None:
    # What stands for "any draft-07 schema" leads to another document; its own dialect checks it.
    local = json.loads(
        json.dumps(manifest_schema()).replace('"$ref": "http://json-schema.org/draft-07/schema#"', '"type": "object"')
    )
    validator = Draft202012Validator(local)
    examples = [json.loads(path.read_text()) for path in (ROOT / "examples/plugins").rglob("plugin.json")]

    assert examples
    for document in [CONTRACT, *examples]:
        assert list(validator.iter_errors(document)) == []
    assert list(validator.iter_errors({**CONTRACT, "entryPoint": "x"}))


def test_isolation_that_can_not_be_given_is_refused_and_not_left_out_in_silence() -> None:
    refused = read(isolation="dedicated")

    assert isinstance(refused, InvalidManifest)
    (finding,) = refused.findings
    assert (finding.code, finding.where) == ("MANIFEST_ISOLATION_UNSUPPORTED", "plugin.json#/isolation")
    assert "dedicated" in finding.message
    assert "per_tenant" in finding.fix


def test_containers_can_not_be_kept_started_for_tenants_that_are_not_known_yet() -> None:
    refused = read(isolation="per_tenant", resources={"provisionedConcurrency": 2})

    assert isinstance(refused, InvalidManifest)
    (finding,) = refused.findings
    assert (finding.code, finding.where) == (
        "MANIFEST_ISOLATION_PROVISIONED",
        "plugin.json#/resources/provisionedConcurrency",
    )

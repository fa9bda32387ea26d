"""What a function is told by its environment, and what it imports before it is called."""

import subprocess
import sys

import pytest

from chalicelib.settings import Settings

GIVEN = {"HOTSWAP_ACCOUNT_ID": "123456789012", "HOTSWAP_CLIENT_ID": "client", "HOTSWAP_ISSUER": "https://issuer.test"}


def test_every_name_follows_from_the_stack() -> None:
    settings = Settings.from_environment({**GIVEN, "HOTSWAP_STACK": "blue"})

    assert settings.table("registry") == "blue-registry"
    assert settings.bucket == "blue-artifacts-123456789012"
    assert settings.key_alias == "alias/blue"
    assert settings.plugin_role_arn == "arn:aws:iam::123456789012:role/blue-plugin"
    assert settings.jwks_url == "https://issuer.test/.well-known/jwks.json"


def test_what_is_said_counts_more_than_what_follows() -> None:
    settings = Settings.from_environment(
        {
            **GIVEN,
            "HOTSWAP_BUCKET": "other",
            "HOTSWAP_JWKS_URL": "http://127.0.0.1:4566/keys",
            "HOTSWAP_PLUGIN_ENV": '{"A": "b"}',
        }
    )

    assert (settings.bucket, settings.jwks_url) == ("other", "http://127.0.0.1:4566/keys")
    assert settings.plugin_environment == {"A": "b"}


def test_a_function_that_is_deployed_wrongly_says_what_is_missing() -> None:
    with pytest.raises(KeyError, match="HOTSWAP_ISSUER"):
        Settings.from_environment({name: value for name, value in GIVEN.items() if name != "HOTSWAP_ISSUER"})


def test_an_invocation_starts_without_anything_heavy() -> None:
    heavy = ["aws_lambda_powertools", "boto3", "botocore", "jwt", "opentelemetry", "pydantic", "pynamodb"]
    code = (
        "import sys, chalicelib.bootstrap_serving as serving; serving.serving_ports(); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], env=GIVEN, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"

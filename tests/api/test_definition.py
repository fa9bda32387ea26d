"""The API's definition as Chalice writes it for the template: which function answers, who is asked first."""

from typing import Any

import pytest
from chalice.deploy.swagger import TemplatedSwaggerGenerator

from app import app
from chalicelib.api.authorizer import ANSWER_KEPT_SECONDS

OPEN = {
    "/health",
    "/docs",
    "/v1/openapi.json",
    "/v1/authentication/login",
    "/v1/authentication/refresh",
    # The page asks for the login itself, and shows nothing before it.
    "/approvals/{approval_id}",
}


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    made: dict[str, Any] = TemplatedSwaggerGenerator().generate_swagger(app)
    return made


def test_there_is_one_authorizer_for_all_routes(definition: dict[str, Any]) -> None:
    assert set(definition["securityDefinitions"]) == {"verify_token"}
    described = definition["securityDefinitions"]["verify_token"]
    assert (described["in"], described["name"]) == ("header", "Authorization")
    assert described["x-amazon-apigateway-authorizer"]["authorizerResultTtlInSeconds"] == ANSWER_KEPT_SECONDS


def test_every_path_but_the_open_ones_asks_the_authorizer(definition: dict[str, Any]) -> None:
    for path, methods in definition["paths"].items():
        for method in methods.values():
            assert method.get("security") == (None if path in OPEN else [{"verify_token": []}])


def test_the_path_that_the_template_points_at_the_invoke_function_is_there(definition: dict[str, Any]) -> None:
    described = definition["paths"]["/v1/plugins/{plugin_id}/invoke"]["post"]

    assert described["security"] == [{"verify_token": []}]
    assert [parameter["name"] for parameter in described["parameters"]] == ["plugin_id"]


def test_the_functions_are_found_under_their_own_modules() -> None:
    handlers = {function.name: function.handler_string for function in app.pure_lambda_functions}

    assert handlers["invoke_plugin"] == "chalicelib.api.invoke.invoke_plugin"
    assert [each.handler_string for each in app.builtin_auth_handlers] == ["chalicelib.api.authorizer.verify_token"]

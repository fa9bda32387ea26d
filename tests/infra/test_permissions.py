import pytest

from infra import permissions
from infra.problems import PROBLEMS, gateway_responses


def grants(function: str) -> set[tuple[str, str]]:
    return {
        (action, resource)
        for grant in permissions.FUNCTIONS[function]
        for action in grant.actions
        for resource in grant.resources
    }


def actions_on(function: str, word: str) -> set[str]:
    return {action for action, resource in grants(function) if word in resource}


@pytest.mark.parametrize("function", permissions.FUNCTIONS)
def test_no_action_and_no_resource_is_a_star(function: str) -> None:
    for action, resource in grants(function):
        assert "*" not in action
        assert resource != "*"
        assert "${AWS::StackName}" in resource or "${Key}" in resource


@pytest.mark.parametrize("function", permissions.FUNCTIONS)
def test_audit_records_are_only_ever_added(function: str) -> None:
    streamed = {"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"}
    reads = {"dynamodb:Query", *(f"dynamodb:{action}" for action in streamed)}

    assert actions_on(function, "-audit") <= {"dynamodb:PutItem"} | reads


@pytest.mark.parametrize("function", permissions.FUNCTIONS)
def test_nothing_scans_a_table(function: str) -> None:
    assert not {action for action, _ in grants(function)} & {"dynamodb:Scan", "dynamodb:PartiQLSelect"}


def test_authorizer_may_do_nothing_but_write_its_log() -> None:
    (statement,) = permissions.policy_of("verify_token")["Statement"]

    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]


def test_invoke_reads_routes_tenants_and_repeats_and_calls_plugins_only() -> None:
    tables = {resource.rpartition("-")[2] for action, resource in grants("invoke_plugin") if "table/" in resource}

    assert {table.split("/")[0] for table in tables} == {"routing", "tenants", "idempotency", "measurements"}
    assert {resource for action, resource in grants("invoke_plugin") if action.startswith("lambda:")} == {
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-plugin-*",
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-plugin-*:*",
    }


def test_only_the_publisher_may_change_code_and_pass_the_role_of_plugins() -> None:
    publishing = {"lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:PublishVersion", "iam:PassRole"}

    may = {function for function in permissions.FUNCTIONS if {action for action, _ in grants(function)} & publishing}

    assert may == {"publish_version"}


@pytest.mark.parametrize("function", permissions.FUNCTIONS)
def test_whoever_may_ask_the_control_plane_of_lambda_may_take_a_token_for_it(function: str) -> None:
    asks = {action for action in actions_on(function, "-plugin-*") if action != "lambda:InvokeFunction"}

    assert not asks or "dynamodb:UpdateItem" in actions_on(function, "-idempotency")


def test_only_the_invoke_function_and_the_api_may_decrypt_what_tenants_keep_secret() -> None:
    reads_secrets = {
        function
        for function in permissions.FUNCTIONS
        if "kms:Decrypt" in actions_on(function, "key/") and actions_on(function, "-tenants")
    }

    assert reads_secrets == {"api_handler", "invoke_plugin"}


def test_gateway_answers_every_kind_of_its_errors_as_a_problem() -> None:
    responses = gateway_responses()

    assert {"DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED", "ACCESS_DENIED", "THROTTLED", "REQUEST_TOO_LARGE"} <= set(
        responses
    )
    assert len(responses) == len(PROBLEMS)
    for response in responses.values():
        content_type = response["responseParameters"]["gatewayresponse.header.Content-Type"]
        assert content_type == "'application/problem+json'"

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


#: Actions for which AWS knows no resource, and who has them; a metric has no ARN.
WITHOUT_RESOURCE = {"evaluate_step": {("cloudwatch:GetMetricData", "*")}}


@pytest.mark.parametrize("function", permissions.FUNCTIONS)
def test_no_action_and_no_resource_is_a_star(function: str) -> None:
    for action, resource in grants(function) - WITHOUT_RESOURCE.get(function, set()):
        assert "*" not in action
        assert resource != "*"
        assert any(f"${{{name}}}" in resource for name in ("AWS::StackName", "Key", "SealKey", "UserPool"))


@pytest.mark.parametrize("function", permissions.FUNCTIONS)
def test_audit_records_are_only_ever_added(function: str) -> None:
    streamed = {"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"}
    reads = {"dynamodb:Query", *(f"dynamodb:{action}" for action in streamed)}

    assert actions_on(function, "-audit") <= {"dynamodb:PutItem"} | reads


def test_only_the_sealers_may_sign_and_nobody_may_take_a_seal_away() -> None:
    everything = {(function, action) for function in permissions.FUNCTIONS for action, _ in grants(function)}
    signs = {function for function, action in everything if action == "kms:Sign"}
    seals = {function for function in permissions.FUNCTIONS if "s3:PutObject" in actions_on(function, "/audit/*")}
    takes_away = {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"}

    assert signs == seals == {"seal_audit", "sweep_audit"}
    assert not {action for _, action in everything} & takes_away
    assert all("dynamodb:PutItem" not in actions_on(sealer, "-audit") for sealer in signs)


@pytest.mark.parametrize("function", permissions.FUNCTIONS)
def test_nothing_scans_a_table(function: str) -> None:
    assert not {action for action, _ in grants(function)} & {"dynamodb:Scan", "dynamodb:PartiQLSelect"}


def test_authorizer_may_look_up_keys_and_users_add_to_the_trail_and_nothing_else() -> None:
    assert grants("verify_token") == {
        ("dynamodb:GetItem", permissions._table("credentials")[0]),
        ("cognito-idp:AdminGetUser", permissions._USER_POOL),
        ("dynamodb:PutItem", permissions._table("audit")[0]),
    }


def test_digests_of_keys_are_read_by_the_authorizer_and_the_api_only_and_deleted_by_nobody() -> None:
    touching = {function: actions_on(function, "-credentials") for function in permissions.FUNCTIONS}

    assert {function for function, actions in touching.items() if actions} == {"api_handler", "verify_token"}
    assert not any("Delete" in action or "Update" in action for actions in touching.values() for action in actions)


def test_invoke_reads_routes_tenants_and_repeats_and_calls_plugins_only() -> None:
    tables = {resource.rpartition("-")[2] for action, resource in grants("invoke_plugin") if "table/" in resource}

    assert {table.split("/")[0] for table in tables} == {"routing", "tenants", "idempotency", "measurements", "audit"}
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

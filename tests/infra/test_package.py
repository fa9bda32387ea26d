import json
import marshal
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra import permissions
from infra.package import Package, build_package
from infra.vendor import IN_LAMBDA, PACKED_BY_CHALICE, PROJECT_DIRECTORY, packaged_names

UNCHECKED_HASH = 0b01


@pytest.fixture(scope="module")
def package() -> Package:
    return build_package()


@pytest.fixture(scope="module")
def template(package: Package) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(package.template_path.read_text())
    return document


@pytest.fixture(scope="module")
def code(package: Package) -> zipfile.ZipFile:
    return zipfile.ZipFile(package.code_path)


def of_type(template: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: found for name, found in template["Resources"].items() if found["Type"] == kind}


def resource_name(function: str) -> str:
    return "APIHandler" if function == "api_handler" else "".join(word.capitalize() for word in function.split("_"))


def test_unchanged_sources_give_the_package_made_before(package: Package) -> None:
    made_at = package.code_path.stat().st_mtime_ns

    assert build_package() == package
    assert package.code_path.stat().st_mtime_ns == made_at


def test_what_lambda_has_already_is_not_packed(code: zipfile.ZipFile) -> None:
    packed = {name.split("/")[0] for name in code.namelist()}

    assert not packed & {name.replace("-", "_") for name in IN_LAMBDA}
    assert not packed & {"pip", "click", "setuptools"}
    assert {"app.py", "chalice", "chalicelib", "pydantic", "pynamodb", "jwt"} <= packed
    assert not set(packaged_names()) & IN_LAMBDA


def test_byte_code_is_packed_in_the_place_of_sources(code: zipfile.ZipFile) -> None:
    names = code.namelist()
    sources = {name.split("/")[0] for name in names if name.endswith(".py") and "/injected/" not in name}
    packed = {name.split("/")[0] for name in names if name.endswith(".pyc")}

    # Chalice packs these two itself.
    assert sources == {"app.py", "chalice"}
    assert {
        "chalicelib",
        "cryptography",
        "jsonschema",
        "jwt",
        "pydantic",
        "pynamodb",
        "typing_extensions.pyc",
    } <= packed


def test_what_is_added_to_plugins_is_packed_as_it_is(code: zipfile.ZipFile) -> None:
    injected = [name for name in code.namelist() if "/injected/" in name]

    assert any(name.endswith("_hotswap/handler.py") for name in injected)
    assert not [name for name in injected if name.endswith(".pyc")]


def test_every_distribution_that_is_packed_brings_its_licence_along(code: zipfile.ZipFile) -> None:
    licensed = {name.split("/")[1] for name in code.namelist() if name.startswith("licenses/")}

    assert licensed == {*packaged_names(), *PACKED_BY_CHALICE}


def test_every_source_has_byte_code_that_is_trusted_without_a_look(code: zipfile.ZipFile) -> None:
    names = set(code.namelist())
    sources = [name for name in names if name.endswith(".py") and "/injected/" not in name]

    assert sources
    for source in sources:
        folder, _, name = source.rpartition("/")
        byte_code = next(
            (found for found in names if found.startswith(f"{folder}/__pycache__/{name[:-3]}.".lstrip("/"))), None
        )
        assert byte_code, source
        assert code.read(byte_code)[4] == UNCHECKED_HASH, byte_code


def test_tracebacks_name_files_as_lambda_sees_them(code: zipfile.ZipFile) -> None:
    application = next(name for name in code.namelist() if name.startswith("__pycache__/app."))

    for name, seen in {application: "app.py", "chalicelib/api/invoke.pyc": "chalicelib/api/invoke.py"}.items():
        assert marshal.loads(code.read(name)[16:]).co_filename == f"/var/task/{seen}"  # noqa: S302 - we made it


def test_every_function_has_a_role_of_its_own_with_the_policy_of_the_table(template: dict[str, Any]) -> None:
    functions = of_type(template, "AWS::Serverless::Function")
    roles = {name: found["Properties"]["Role"]["Fn::GetAtt"][0] for name, found in functions.items()}

    assert set(functions) == {resource_name(function) for function in permissions.FUNCTIONS}
    assert len(set(roles.values())) == len(functions)
    for function in permissions.FUNCTIONS:
        (policy,) = template["Resources"][roles[resource_name(function)]]["Properties"]["Policies"]
        assert policy["PolicyDocument"] == permissions.policy_of(function)


def test_function_ends_before_its_state_gives_up(template: dict[str, Any]) -> None:
    for machine in of_type(template, "AWS::StepFunctions::StateMachine").values():
        states = json.loads(machine["Properties"]["DefinitionString"])["States"]
        tasks = {name: state for name, state in states.items() if state["Type"] == "Task"}
        assert tasks
        for name in set(tasks) - {"Observe"}:
            state = tasks[name]
            assert template["Resources"][name]["Properties"]["Timeout"] < state["TimeoutSeconds"], name


def test_machine_may_invoke_exactly_the_functions_that_it_names(template: dict[str, Any]) -> None:
    for name, machine in of_type(template, "AWS::StepFunctions::StateMachine").items():
        given = machine["Properties"]["DefinitionSubstitutions"]
        named = {placeholder for placeholder, value in given.items() if "Fn::GetAtt" in value}
        policies = template["Resources"][f"{name}Role"]["Properties"]["Policies"]
        invoke = next(policy for policy in policies if policy["PolicyName"] == "Invoke")
        (statement,) = invoke["PolicyDocument"]["Statement"]
        assert {f"{found['Fn::GetAtt'][0]}Arn" for found in statement["Resource"]} == named


def test_only_a_deployment_may_start_what_watches_it_and_nothing_but_that(template: dict[str, Any]) -> None:
    rights = {}
    for name in of_type(template, "AWS::StepFunctions::StateMachine"):
        policies = template["Resources"][f"{name}Role"]["Properties"]["Policies"]
        statements = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
        rights[name] = {one["Resource"]["Fn::Sub"] for one in statements if "Fn::Sub" in one["Resource"]}

    assert rights["IntakeMachine"] == rights["ObserveMachine"] == set()
    assert {resource.partition("${AWS::AccountId}:")[2] for resource in rights["DeploymentMachine"]} == {
        "stateMachine:${AWS::StackName}-observe",
        "execution:${AWS::StackName}-observe:*",
        "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
    }


def test_invoke_path_goes_to_the_slim_function(template: dict[str, Any]) -> None:
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    invoke = paths["/v1/plugins/{plugin_id}/invoke"]["post"]

    assert "${InvokePlugin.Arn}" in invoke["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
    assert invoke["security"] == [{"verify_token": []}]


def test_the_authorizer_gets_the_request_and_is_asked_once_a_minute_for_a_token(template: dict[str, Any]) -> None:
    body = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    asked = body["securityDefinitions"]["verify_token"]["x-amazon-apigateway-authorizer"]

    assert (asked["type"], asked["identitySource"]) == ("request", "method.request.header.Authorization")
    assert asked["authorizerResultTtlInSeconds"] == 60
    assert "${VerifyToken.Arn}" in asked["authorizerUri"]["Fn::Sub"]
    assert template["Resources"]["VerifyToken"]["Properties"]["Handler"] == "chalicelib.api.authorizer.verify_request"


def test_every_table_is_on_demand_restorable_and_encrypted(template: dict[str, Any]) -> None:
    tables = of_type(template, "AWS::DynamoDB::Table")

    assert len(tables) == 8
    for table in tables.values():
        properties = table["Properties"]
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert properties["SSESpecification"]["SSEEnabled"] is True
        assert table["DeletionPolicy"] == "RetainExceptOnCreate"


def test_an_application_that_cannot_be_imported_is_refused_with_its_own_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("chalicelib", "statemachines", ".chalice"):
        shutil.copytree(PROJECT_DIRECTORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "app.py").write_text("import nothing_of_the_kind\n")

    with pytest.raises(subprocess.CalledProcessError):
        build_package(tmp_path)

    assert "No module named 'nothing_of_the_kind'" in capfd.readouterr().err

import json
import os
import signal
import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra.deploy import DeployError, deploy, state_of
from infra.local.emulator import Emulator, is_running, processes_left, start_emulator, stop_emulator
from infra.local.payments import await_payments, start_payments, stop_payments
from infra.local.processes import LOOPBACK, members_of
from infra.local.stack import StackError, bring_up, look, stack_target, take_down
from infra.local.stack_state import StackFiles
from infra.local.users import USERS
from infra.package import Package, build_package
from tests.stack.running_stack import RunningStack, eventually

PROBLEM_FIELDS = {"type", "title", "status", "detail", "instance", "code", "traceId", "timestamp", "errors"}


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """Start an emulator of the test's own, with nothing in it."""
    started = start_emulator(log_path=tmp_path / "emulator.log", preferred_port=0)
    yield started
    stop_emulator(started)


def test_health_answers_through_the_gateway_without_a_token(stack: RunningStack) -> None:
    answer = stack.request("GET", "/health")

    assert answer.status == 200
    assert answer.body["status"] == "ok"


@pytest.mark.parametrize(
    "method,path,status,code",
    [
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("DELETE", "/health", 404, "NOT_FOUND"),
        ("GET", "/v1/me", 401, "UNAUTHORIZED"),
    ],
)
def test_errors_of_the_gateway_itself_look_like_all_others(
    stack: RunningStack, method: str, path: str, status: int, code: str
) -> None:
    answer = stack.request(method, path)

    assert (answer.status, answer.body["status"], answer.body["code"]) == (status, status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body.keys() >= PROBLEM_FIELDS
    assert answer.body["instance"] == f"/api{path}"


def test_every_user_can_log_in_and_has_the_role_of_their_group(stack: RunningStack) -> None:
    for user in USERS:
        answer = stack.request("GET", "/v1/me", token=stack.token(user.name))

        assert answer.body == {"username": user.name, "roles": [user.group], "tenantId": user.tenant_id}


def test_file_of_the_stack_holds_what_the_contract_says_and_is_its_owners_alone(stack: RunningStack) -> None:
    path = stack.options.files.folder / "stack.json"
    document = json.loads(path.read_text())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert document.keys() >= {"apiUrl", "consoleUrl", "emulatorUrl", "region", "users"}
    assert document["apiUrl"].endswith("/api/v1")
    assert set(document["users"]) == {user.name for user in USERS}
    assert len({user["password"] for user in document["users"].values()}) == len(USERS)


def test_up_again_keeps_what_is_whole(stack: RunningStack) -> None:
    again = bring_up(stack.options, print)

    assert again == stack.info


def test_tables_and_bucket_are_what_the_template_says(stack: RunningStack) -> None:
    tables, bucket = stack.client("dynamodb"), stack.info.outputs["ArtifactBucketName"]

    backups = tables.describe_continuous_backups(TableName="hotswap-audit")["ContinuousBackupsDescription"]
    expiry = tables.describe_time_to_live(TableName="hotswap-idempotency")["TimeToLiveDescription"]
    lock = stack.client("s3").get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]

    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiration"}
    assert lock["ObjectLockEnabled"] == "Enabled"


def test_status_tells_what_runs(stack: RunningStack) -> None:
    found = look(stack.options.files)

    assert (found.emulator_running, found.stack_deployed, found.payments_running, found.healthy) == (True,) * 4
    assert found.info == stack.info


def test_stack_that_failed_half_way_is_cleared_and_made_again(emulator: Emulator, tmp_path: Path) -> None:
    package = build_package()
    template = json.loads(package.template_path.read_text())
    template["Resources"]["Impossible"] = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Fn::GetAtt": ["Key", "NoSuchAttribute"]}, "PolicyDocument": {}},
        "DependsOn": "AuditTable",
    }
    broken = tmp_path / "sam.json"
    broken.write_text(json.dumps(template))
    target = stack_target(emulator.url)
    parameters = {"JwksBaseUrl": emulator.url, "TlsOnly": "false"}

    with pytest.raises(DeployError, match="Impossible"):
        deploy(target, Package(package.code_path, broken, package.digest), parameters, print)
    left = state_of(target)
    outputs = deploy(target, package, parameters, print)

    assert left != "CREATE_COMPLETE"
    assert state_of(target) == "CREATE_COMPLETE"
    assert outputs["RestAPIId"]


def test_up_after_the_emulator_died_makes_everything_anew(stack: RunningStack, tmp_path: Path) -> None:
    options = replace(stack.options, files=StackFiles(tmp_path))
    first = bring_up(options, print)
    died = options.files.read_emulator()
    assert died is not None
    os.kill(died.process.pid, signal.SIGKILL)
    eventually(lambda: not is_running(died))

    try:
        second = bring_up(options, print)

        assert look(options.files).healthy
        assert second.users == first.users
        assert processes_left(died) == []
    finally:
        take_down(options, print)
    assert not (tmp_path / "stack.json").exists()
    assert not look(options.files).emulator_running


def test_unknown_emulator_is_refused(stack: RunningStack, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="choose ministack or localstack"):
        bring_up(replace(stack.options, emulator="moto", files=StackFiles(tmp_path)), print)


def test_localstack_that_does_not_answer_is_told_with_what_to_set(
    stack: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALSTACK_HOST", "127.0.0.1:9")

    with pytest.raises(StackError, match="LOCALSTACK_HOST"):
        bring_up(replace(stack.options, emulator="localstack", files=StackFiles(tmp_path)), print)


def test_emulator_takes_the_next_port_when_its_own_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        started = start_emulator(log_path=tmp_path / "emulator.log", preferred_port=port)
    try:
        assert port < started.port < port + 50
    finally:
        stop_emulator(started)


def test_stopping_the_emulator_leaves_no_process_and_no_file(stack: RunningStack, tmp_path: Path) -> None:
    options = replace(stack.options, files=StackFiles(tmp_path))
    bring_up(options, print)
    emulator = options.files.read_emulator()
    assert emulator is not None
    assert look(options.files).healthy
    with_workers = processes_left(emulator)

    take_down(options, print)

    assert len(with_workers) > 1, "a Lambda process answered, so there was something to leave behind"
    assert processes_left(emulator) == []
    assert not emulator.work_directory.exists()
    with pytest.raises(ConnectionRefusedError), socket.create_connection((LOOPBACK, emulator.port), timeout=1):
        pass


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells who listens where as files")
def test_payment_network_answers_on_this_machine_only_and_leaves_nothing(tmp_path: Path) -> None:
    payments = start_payments(log_path=tmp_path / "payments.log", preferred_port=0)
    await_payments(payments)

    listening = (Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()).splitlines()
    stop_payments(payments)

    addresses = {line.split()[1] for line in listening if f":{payments.port:04X} " in line and line.split()[3] == "0A"}
    assert addresses == {f"0100007F:{payments.port:04X}"}
    assert members_of(payments.process) == []

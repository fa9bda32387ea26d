"""
Deploy a package by CloudFormation: the same code for AWS (``make deploy``) and for the emulator.

Deploying is safe to repeat. What is unchanged stays; what an earlier attempt left half-made is
cleared first, or waited for, so nobody has to look into the console before the second try.
"""

import argparse
import contextlib
import copy
import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from infra.package import Package, build_package, product_version
from infra.vendor import LAMBDA_PLATFORM

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
# States that no update can start from: the stack was never whole.
BROKEN = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"})
NOTHING_TO_UPDATE = "No updates are to be performed"

Report = Callable[[str], None]


class DeployError(RuntimeError):
    """CloudFormation could not make the stack; the message names what failed first, and why."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to deploy: a stack name, a session with credentials, and the emulator's address if it is one."""

    stack: str
    session: boto3.Session
    endpoint_url: str | None = None
    poll_seconds: float = 3.0
    patience_seconds: float = 1800.0

    @property
    def cloudformation(self) -> "CloudFormationClient":
        """A client of CloudFormation."""
        return self.session.client("cloudformation", endpoint_url=self.endpoint_url)

    @property
    def s3(self) -> "S3Client":
        """A client of S3."""
        return self.session.client("s3", endpoint_url=self.endpoint_url)

    @property
    def account_id(self) -> str:
        """The account that the session belongs to."""
        return self.session.client("sts", endpoint_url=self.endpoint_url).get_caller_identity()["Account"]


def deploy(target: Target, package: Package, parameters: Mapping[str, str], report: Report) -> dict[str, str]:
    """
    Make the stack be what *package* says, and return its outputs.

    *report* is told each step as it begins.

    Raises:
        DeployError: It failed, and CloudFormation has rolled back.
    """
    report(f"uploading {package.code_path.stat().st_size / 1e6:.1f} MB of code")
    bucket = _deploy_bucket(target)
    template_url = _upload(target, bucket, package)
    state = _settle(target)
    if state in BROKEN:
        report(f"clearing what an earlier attempt left: the stack is {state}")
        delete(target)
        state = None
    report("creating the stack" if state is None else "updating the stack")
    arguments: dict[str, Any] = {
        "StackName": target.stack,
        "TemplateURL": template_url,
        "Capabilities": [*CAPABILITIES],
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    }
    seen = frozenset() if state is None else _events_so_far(target)
    if state is None:
        target.cloudformation.create_stack(**arguments, OnFailure="ROLLBACK")
    else:
        _update(target, arguments)
    final = _settle(target)
    if final not in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"} or _has_failed(target, seen):
        raise DeployError(f"the stack {target.stack} is {final}.\n{_reasons(target, seen)}")
    return outputs_of(target)


def outputs_of(target: Target) -> dict[str, str]:
    """Give the outputs of the stack, by name."""
    (stack,) = target.cloudformation.describe_stacks(StackName=target.stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _deploy_bucket(target: Target) -> str:
    """Make sure of the bucket that CloudFormation reads code and template from; it is not part of the stack."""
    bucket = f"{target.stack}-deploy-{target.account_id}-{target.session.region_name}"
    place: dict[str, Any] = {}
    if target.session.region_name != "us-east-1":  # the one region that S3 does not want named
        place["CreateBucketConfiguration"] = {"LocationConstraint": target.session.region_name}
    with contextlib.suppress(target.s3.exceptions.BucketAlreadyOwnedByYou):
        target.s3.create_bucket(Bucket=bucket, **place)
    target.s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )
    return bucket


def _upload(target: Target, bucket: str, package: Package) -> str:
    """Upload the code and the template that names it; the keys are digests, so the same is the same."""
    code_key = f"code/{package.digest}.zip"
    template = copy.deepcopy(json.loads(package.template_path.read_text()))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": code_key}
    body = json.dumps(template, separators=(",", ":")).encode()
    template_key = f"templates/{hashlib.sha256(body).hexdigest()[:16]}.json"
    try:
        target.s3.head_object(Bucket=bucket, Key=code_key)
    except ClientError:
        target.s3.upload_file(str(package.code_path), bucket, code_key)
    target.s3.put_object(Bucket=bucket, Key=template_key, Body=body)
    host = target.endpoint_url or f"https://s3.{target.session.region_name}.amazonaws.com"
    return f"{host}/{bucket}/{template_key}"


def state_of(target: Target) -> str | None:
    """Give the state of the stack, None if there is none."""
    try:
        (stack,) = target.cloudformation.describe_stacks(StackName=target.stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack["StackStatus"]


def _settle(target: Target) -> str | None:
    """
    Wait until nothing is in progress, continuing a rollback that got stuck, and give the state.

    Raises:
        DeployError: It did not settle in time.
    """
    deadline = time.monotonic() + target.patience_seconds
    state = state_of(target)
    while time.monotonic() < deadline:
        if state == "UPDATE_ROLLBACK_FAILED":
            target.cloudformation.continue_update_rollback(StackName=target.stack)
        elif state is None or not state.endswith("_IN_PROGRESS") or state == "REVIEW_IN_PROGRESS":
            return state
        time.sleep(target.poll_seconds)
        state = state_of(target)
    raise DeployError(f"the stack {target.stack} is {state} for more than {target.patience_seconds:.0f} s")


def delete(target: Target) -> None:
    """
    Delete the stack, if there is one, and wait until it is gone.

    Raises:
        DeployError: Something in it can't be deleted.
    """
    target.cloudformation.delete_stack(StackName=target.stack)
    state = _settle(target)
    if state is not None:
        raise DeployError(f"the stack {target.stack} can't be cleared, it is {state}.\n{_reasons(target, frozenset())}")


def _update(target: Target, arguments: Mapping[str, Any]) -> None:
    """Begin an update, if there is anything to update."""
    try:
        target.cloudformation.update_stack(**arguments)
    except ClientError as error:
        if NOTHING_TO_UPDATE not in str(error):
            raise


def _events_so_far(target: Target) -> frozenset[str]:
    """Give the ids of the events until now, so that old failures are not taken for new ones."""
    return frozenset(event["EventId"] for event in _events(target))


def _events(target: Target) -> list[Any]:
    """List the stack's events, newest first."""
    pages = target.cloudformation.get_paginator("describe_stack_events").paginate(StackName=target.stack)
    return [event for page in pages for event in page["StackEvents"]]


def _has_failed(target: Target, seen: frozenset[str]) -> bool:
    """Tell whether something new has failed: after an update, a complete rollback is a failure too."""
    return any("FAILED" in event.get("ResourceStatus", "") for event in _events(target) if event["EventId"] not in seen)


def _reasons(target: Target, seen: frozenset[str]) -> str:
    """Tell what failed, first things first."""
    failed = [
        f"  {event.get('LogicalResourceId')}: {event.get('ResourceStatusReason', event.get('ResourceStatus'))}"
        for event in reversed(_events(target))
        if "FAILED" in event.get("ResourceStatus", "") and event["EventId"] not in seen
    ]
    return "\n".join(failed) or "  CloudFormation gives no reason"


def _write_step(text: str) -> None:
    """Tell a person at a terminal how it goes, apart from the outputs."""
    sys.stderr.write(f"{text}\n")


def main() -> None:
    """Package for Lambda and deploy into the account of the current credentials: ``make deploy``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--stack", default="hotswap", help="name of the stack (default: %(default)s)")
    parser.add_argument("--region", help="region (default: that of the credentials' profile)")
    parser.add_argument("--template-only", type=Path, help="only write the template here, deploy nothing")
    given = parser.parse_args()
    package = build_package(platform=LAMBDA_PLATFORM)
    if given.template_only:
        given.template_only.write_bytes(package.template_path.read_bytes())
        return
    target = Target(given.stack, boto3.Session(region_name=given.region))
    outputs = deploy(target, package, {"ProductVersion": product_version()}, _write_step)
    sys.stdout.write("".join(f"{name} = {value}\n" for name, value in sorted(outputs.items())))


if __name__ == "__main__":
    main()

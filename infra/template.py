"""One merge template for `chalice package`, put together from infra/templates/ and statemachines/."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chalice.package import TemplateDeepMerger, YAMLTemplateSerializer

from chalicelib.domain.notifications import NOTABLES
from infra.problems import gateway_responses

TEMPLATES_DIRECTORY = Path(__file__).parent / "templates"
# Which definition belongs to which machine of templates/machines.yaml.
MACHINES = {
    "IntakeMachine": "intake.asl.json",
    "DeploymentMachine": "deployment.asl.json",
    "ObserveMachine": "observe.asl.json",
}
# A definition names a function or a machine by its resource in the template, as ${VerifyPackageArn}.
_PLACEHOLDER = re.compile(r"\$\{(\w+)Arn\}")
# What it names beside: the partition of the integrations, and where the page is on which people decide.
_API = "https://${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}/api"
_OTHERS = {"Partition": {"Ref": "AWS::Partition"}, "ApiUrl": {"Fn::Sub": _API}}

Template = dict[str, Any]


def merge_template(machines_directory: Path) -> Template:
    """
    Assemble everything that Chalice does not make by itself.

    Raises:
        FileNotFoundError: A machine has no definition in *machines_directory*.
    """
    serializer, merger = YAMLTemplateSerializer(), TemplateDeepMerger()
    merged: Template = {}
    for path in sorted(TEMPLATES_DIRECTORY.glob("*.yaml")):
        merged = merger.merge(serializer.load_template(path.read_text(), str(path)), merged)
    body = merged["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    body["x-amazon-apigateway-gateway-responses"] = gateway_responses()
    merged["Resources"]["NotificationSource"]["Properties"]["FilterCriteria"] = _notable_records()
    for machine, file_name in MACHINES.items():
        _define(merged["Resources"], machine, json.loads((machines_directory / file_name).read_text()))
    return merged


def _notable_records() -> Template:
    """Let only records through that the table of notifications knows."""
    pattern = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"action": {"S": sorted(NOTABLES)}}}}
    return {"Filters": [{"Pattern": json.dumps(pattern, separators=(",", ":"))}]}


def _define(resources: Template, machine: str, definition: Template) -> None:
    """Give a machine its definition, and its role the functions that the definition calls."""
    text = json.dumps(definition, separators=(",", ":"))
    named = sorted(set(_PLACEHOLDER.findall(text)))
    functions = [name for name in named if name not in MACHINES]
    properties = resources[machine]["Properties"]
    properties["DefinitionString"] = text
    properties["DefinitionSubstitutions"] = {
        **{f"{name}Arn": {"Ref": name} if name in MACHINES else {"Fn::GetAtt": [name, "Arn"]} for name in named},
        **{name: value for name, value in _OTHERS.items() if f"${{{name}}}" in text},
    }
    role = resources[f"{machine}Role"]["Properties"]
    role["Policies"] = [*role["Policies"], _may_invoke(functions)]


def _may_invoke(functions: Iterable[str]) -> Template:
    """Allow a machine to invoke exactly these functions."""
    statement = {
        "Effect": "Allow",
        "Action": ["lambda:InvokeFunction"],
        "Resource": [{"Fn::GetAtt": [name, "Arn"]} for name in functions],
    }
    return {"PolicyName": "Invoke", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}

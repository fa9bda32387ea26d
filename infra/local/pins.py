"""
The pins of what we wrap in MiniStack: its release, and the source of each function that we rely on.

The wrappers in this folder depend on how these functions work inside. So an upgrade
fails when the emulator starts, with the names of what differs, and not somewhere in a test.
"""

import hashlib
import importlib
import importlib.metadata
import inspect
import operator
from dataclasses import dataclass

PINNED_RELEASE = "1.5.33"


class EmulatorChangedError(RuntimeError):
    """MiniStack is not the one that the wrappers were written for."""


@dataclass(frozen=True, slots=True)
class Seam:
    """A function or method of MiniStack that we wrap or rely on, and the SHA-256 of its source."""

    module: str
    function: str
    sha256: str


SEAMS = (
    Seam(
        "ministack.services.lambda_svc", "_invoke", "ab193779e5c2ea9410f53f0fe93f34fec1f1bd3ad4a83c07c8d3620fdbfa78bb"
    ),
    Seam(
        "ministack.services.lambda_svc",
        "_get_func_record_for_ref",
        "492b4efe8f903a0fb18131e79a26799e296cc6e65e07aef56fb94fc597324c3e",
    ),
    Seam(
        "ministack.services.lambda_svc",
        "_effective_func_record_for_qualifier",
        "9347cb8fd2dc4d9c41e6b115465bc92862bdebc910b2f9625d0b4ceb138ec4e3",
    ),
    Seam(
        "ministack.services.lambda_svc",
        "_execution_record_for_config",
        "632acaa44892bdae9cc0b0a6a5d4d71667c606f1035035f7a69d07295a986a34",
    ),
    Seam(
        "ministack.services.lambda_svc",
        "_execute_function",
        "3ceb16d6480a2161601b152da88f1633573e5143f94de16fab84877d447165be",
    ),
    Seam(
        "ministack.services.lambda_svc",
        "_execute_function_warm",
        "62b9218bef5b948a23c3269d6fb7260f88dda21cb88a1962ab72e4dceac81153",
    ),
    Seam(
        "ministack.services.lambda_svc",
        "_execute_function_dispatch",
        "f62cd259213ecef7ae51bf01a6dd1aa326a031f4e9dfd9d8ac9f497cc8cbe623",
    ),
    Seam(
        "ministack.services.lambda_svc",
        "_resolve_name_and_qualifier",
        "8c65f22c59e032491052f8b2e52a582e02fab7f0cb4267ef9977150423c016e0",
    ),
    Seam(
        "ministack.services.stepfunctions",
        "_invoke_resource",
        "a85d2be9a8584ce0f8660e27ccc9e1687a5f5d167a727613b8ee0c90bdd53d69",
    ),
    Seam(
        "ministack.services.stepfunctions",
        "_call_lambda",
        "25830369b12636da09a4e4650489842a507f43aa952b5186a47458ff6f3c47d5",
    ),
    Seam(
        "ministack.services.apigateway_v1",
        "_call_lambda_raw",
        "a2df5d6c5b304e00800de4ed42d7a3aeee52d8783124d301ae130fddae56fb5f",
    ),
    Seam(
        "ministack.services.cloudwatch",
        "record_metric",
        "7f777bfbe523a0c546fed315883fc1cb1ef995d5fbd0339d400458272d0464a5",
    ),
    Seam(
        "ministack.services.apigateway_v1",
        "_import_rest_api",
        "ef72f9312702dbb3ce83c5cf0d45aa6e570ba2989e79a1446e4534c8d7773e7d",
    ),
    Seam(
        "ministack.services.apigateway_v1",
        "_put_gateway_response",
        "93e727fc3806527abef78a2562ed63edc813d33185c154fafde2cba52f6dd450",
    ),
    Seam(
        "ministack.services.apigateway_v1",
        "_gateway_error_response",
        "c0a3f091df36886a9bcde5dbfa26481f1e1bf4a1f887b832981841f3a53b3c58",
    ),
    Seam(
        "ministack.services.apigateway_v1",
        "_create_deployment",
        "cf248c888e1fa3d7cc7fa26c164e31c62dc44e9b4b3f3e314e1043bc4e7d3ef5",
    ),
    Seam(
        "ministack.services.apigateway_v1",
        "_handle_execute_in_scope",
        "60ed5805557fdae6683c3fcd89b8a187c09a73f6ea3503eb5fa2966afadd67e7",
    ),
    Seam(
        "ministack.services.dynamodb", "_update_ttl", "e8243a4fbbb8997d50df7a01ceccf9841238b74356b22756a0c1cd71c8dc1056"
    ),
    Seam(
        "ministack.services.dynamodb",
        "_update_continuous_backups",
        "4d306deca0a21e5241ce834a4e7e5b81e9b7a86f3f63167b8dfbdda8f14f64ed",
    ),
    Seam(
        "ministack.services.cloudformation.provisioners",
        "_ddb_create",
        "277586e016c693bd24c48e035ce2462bc8a6a2a7bad88531b3282eb881aa2d8d",
    ),
    Seam(
        "ministack.services.cloudformation.provisioners",
        "_s3_create",
        "477b78a3cb150dfd8ccc3077f7d3fd0c7f6001594c972201ab0ea40d8c1ee043",
    ),
    Seam(
        "ministack.services.cognito",
        "_dispatch_idp",
        "eff61c61ce4d793c0b011fe9a47246484682fe81777eabca7690dc044f00a654",
    ),
    Seam(
        "ministack.services.cognito",
        "_user_pool_for_access_token",
        "e0126455e8b401f70e3cd82d507dcf38730c297a672c2b9069d328730385735b",
    ),
    Seam(
        "ministack.services.cognito",
        "_create_user_pool_client",
        "1caaecf2354b43586a4770aa8ec7895cbbaae0569f1712629e3f5060bad60b01",
    ),
    Seam(
        "ministack.core.lambda_runtime",
        "Worker._spawn",
        "c55febf956565c5e83b8a36e069852483461164e899afa9c735a17e138ad1c93",
    ),
    Seam(
        "ministack.core.lambda_runtime",
        "_worker_key",
        "0537100beb43da29fb2c59c4a4d6bbd4be67b50eefae48706d51ffa92bee4495",
    ),
    Seam(
        "ministack.core.lambda_runtime",
        "acquire_worker",
        "5017d144adb5b983050914401f482f2ad1332f4564c96903c20ab7e4defad7da",
    ),
    Seam(
        "ministack.core.lambda_runtime",
        "release_worker",
        "25d5dd7d42b6e30ce6843a33cf159b418d185f46bfa0a76a64268ea83e203cdc",
    ),
    Seam(
        "ministack.core.lambda_runtime",
        "kill_workers",
        "56a6df63f9bd485916cffa3c374db7410afa2aff70fb5668372e054c0b0b1836",
    ),
    Seam(
        "ministack.core.lambda_runtime",
        "invalidate_worker",
        "1be5d7f769f5c6086d18043c5cc342193ff87299c41a9d40078ccd1c1acd9eec",
    ),
    Seam(
        "ministack.core.lambda_runtime",
        "_detect_runtime_binary",
        "222e200df2c093f826646602ec435c624ba56f50002aec951aac125c8c8b0169",
    ),
    Seam(
        "ministack.services.lambda_svc",
        "_build_config",
        "db4f17d90d9011d30781b8f116948bd55a1183e64a59bfc048930590bc5a1e7d",
    ),
    Seam(
        "ministack.core.iam_actions",
        "_lambda_action",
        "19fa24ebca403b7afb7dbdd2de306589a087ba1a8dd5ec4df5ce7df77401080f",
    ),
    Seam(
        "ministack.core.iam_actions",
        "extract_resource_arn",
        "82f51700695c62fdca72583e1c264cc146fc22d5aa0a5faebabc3aa0a798f2e9",
    ),
    Seam(
        "ministack.services.stepfunctions",
        "_execute_task",
        "53c818d247dba62c49b82c78ad185f18083422f2bc30168836d7b4f2dae28d9a",
    ),
    Seam(
        "ministack.services.stepfunctions",
        "_invoke_with_callback",
        "bbb38423156a0d3d46c6fe19292640055cfa72e929d2356153f3a8a6c2c023d9",
    ),
)


def source_sha256(module: str, function: str) -> str:
    """
    Hash the source text of a function.

    Raises:
        EmulatorChangedError: There is no such function.
    """
    try:
        found = operator.attrgetter(function)(importlib.import_module(module))
    except AttributeError:
        raise EmulatorChangedError(f"{module}.{function} is gone") from None
    return hashlib.sha256(inspect.getsource(found).encode()).hexdigest()


def check(seams: tuple[Seam, ...] = SEAMS, release: str = PINNED_RELEASE) -> None:
    """
    Make sure that MiniStack is the pinned one.

    Raises:
        EmulatorChangedError: It is another release, or a function differs; the message says which and what to do.
    """
    installed = importlib.metadata.version("ministack")
    differing = [f"{seam.module}.{seam.function}" for seam in seams if not _is_unchanged(seam)]
    if installed != release or differing:
        found = f"found ministack {installed}, wrote for {release}; functions that differ: {differing or 'none'}"
        raise EmulatorChangedError(
            f"the emulator is not the one that infra/local wraps: {found}.\n"
            f"fix: install ministack=={release}, or read these functions again, adapt the wrappers and renew SEAMS."
        )


def _is_unchanged(seam: Seam) -> bool:
    """Tell whether a seam's source is the pinned one."""
    try:
        return source_sha256(seam.module, seam.function) == seam.sha256
    except EmulatorChangedError:
        return False

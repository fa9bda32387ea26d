"""HotSwap's own functions as programs: our package as it would be deployed, started as Lambda would start it."""

from pathlib import Path

from bench.fresh import Program
from bench.materials import answering, lambda_sdk, unpacked
from infra.package import build_package

#: What the template gives every function, with values that no program can tell from real ones. No call is made.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "HOTSWAP_STACK": "bench",
    "HOTSWAP_ACCOUNT_ID": "000000000000",
    "HOTSWAP_CLIENT_ID": "bench",
    "HOTSWAP_ISSUER": "https://issuer.invalid",
    "HOTSWAP_BUCKET": "bench",
    "HOTSWAP_VERSION": "0",
    "POWERTOOLS_SERVICE_NAME": "bench",
}

INVOKE = "import chalicelib.api.invoke"
API = "import chalicelib.api.application"


def our_package() -> Path:
    """Build the package of the tree as it is, for this machine; unchanged sources cost nothing."""
    return build_package().code_path


def function(code: str, archive: Path, sdk: Path | None = None) -> Program:
    """Make a program of *code* in an unpacked package, behind which lies what Lambda brings along."""
    return Program(code, (unpacked(archive), sdk or lambda_sdk()), ENVIRONMENT)


def answered(code: str, archive: Path, items: str) -> Program:
    """Make the same beside `bench.programs.answering`, whose tables hold *items*."""
    return Program(code, (unpacked(archive), lambda_sdk(), answering()), {**ENVIRONMENT, "BENCH_ITEMS": items})

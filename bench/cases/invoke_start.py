"""Cold start of the invoke function, beside a Chalice function that does nothing."""

from bench.fresh import Program, imports_any
from bench.functions import INVOKE, function, our_package
from bench.materials import bare_chalice, unpacked
from bench.reports import Case, Findings
from bench.slices import Effort
from bench.starts import compared, start_times

_TOO_HEAVY = ("aws_lambda_powertools", "boto3", "botocore", "jsonschema", "opentelemetry", "pydantic", "pynamodb")
_CLIENTS = f"""{INVOKE}
from chalicelib.adapters import aws_clients
aws_clients.serving_dynamodb(), aws_clients.lambda_calls(aws_clients.INVOKE_SECONDS), aws_clients.kms()"""


def measure(effort: Effort) -> Findings:
    """Time the imports of the invoke function; with the clients of its first request built, for comparison."""
    archive = our_package()
    programs = {
        "python": Program("pass"),
        "chalice": Program("import app", (bare_chalice(),)),
        "invoke": function(INVOKE, archive),
        "clients": function(_CLIENTS, archive),
    }
    folder = unpacked(archive)
    modules = programs["invoke"].modules()
    ours = [module for module in modules if module.is_source_in(folder)]
    assert "chalicelib.api.invoke" in {module.name for module in ours}
    assert all(module.has_byte_code for module in ours), "the package has lost its byte code"
    assert not (heavy := imports_any(modules, *_TOO_HEAVY)), f"an invoke imports {heavy}"
    assert imports_any(programs["clients"].modules(), "boto3", "botocore") == ["botocore"]
    times = start_times(programs, effort)
    return Findings(
        (
            compared("imports", times["invoke"], "bare Chalice", times["chalice"], aim=1.6),
            compared(
                "… and the clients of a first request", times["clients"], "bare Chalice", times["chalice"], aim=None
            ),
            compared("(the interpreter alone)", times["python"], "bare Chalice", times["chalice"], aim=None),
        ),
        (f"{len(ours)} modules of the package are imported, all from byte code; none of {', '.join(_TOO_HEAVY)}.",),
    )


CASE = Case(
    name="invoke-start",
    title="Cold start of the invoke function",
    method="Spawn to ready in a fresh interpreter, from our package as Lambda unpacks it; the peer compiled likewise.",
    measure=measure,
)

"""What the API function loads, and when: the routes of its first request, and all of them for whoever looks at all."""

import gc
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from pkgutil import iter_modules

import pytest

from app import app
from chalicelib import cold_start
from chalicelib.api import routes
from chalicelib.api.application import module_of

ROOT = Path(__file__).parents[2]
#: Answers the events on stdin in a fresh process, and tells which modules it had loaded after each.
PROGRAM = """
import json, sys
from chalicelib.api.application import app
for event in json.load(sys.stdin):
    answer = app(event, None)
    print(json.dumps([answer["statusCode"], answer["headers"], sorted(sys.modules)]))
"""
ENVIRONMENT = {f"HOTSWAP_{name}": "x" for name in ("ACCOUNT_ID", "ISSUER", "CLIENT_ID")}
PACKAGE = routes.__name__
EVERY_MODULE = {module.name for module in iter_modules(routes.__path__)}


def event_of(method: str, path: str) -> dict[str, object]:
    return {
        "path": path,
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"plugin_id": "echo"},
        "stageVariables": None,
        "requestContext": {"resourcePath": path, "httpMethod": method},
        "body": None,
        "isBase64Encoded": False,
    }


def answers_of(*asked: tuple[str, str]) -> list[tuple[int, dict[str, str], set[str]]]:
    """Ask a fresh process; give status, headers and what is loaded by then."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([event_of(*each) for each in asked]),
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    return [(status, headers, set(modules)) for status, headers, modules in told]


def routes_in(modules: set[str]) -> set[str]:
    return {name.removeprefix(f"{PACKAGE}.") for name in modules if name.startswith(f"{PACKAGE}.")}


@pytest.mark.parametrize("start", ["api.application", "api.invoke"])
def test_garbage_is_collected_once_a_function_has_started(start: str) -> None:
    program = f"import gc, chalicelib.{start}; print(gc.isenabled())"

    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=True)

    assert told.stdout.split() == [b"True"]


def test_garbage_is_collected_again_after_a_later_part_of_a_start_even_if_that_fails() -> None:
    was_enabled = gc.isenabled()
    try:
        with suppress(ImportError), cold_start.continued():
            during = gc.isenabled()
            raise ImportError
        after = gc.isenabled()
    finally:
        gc.unfreeze()
        (gc.enable if was_enabled else gc.disable)()

    assert (during, after) == (False, True)


@pytest.mark.parametrize("path", sorted(app.routes))
def test_the_table_finds_the_module_of_each_route(path: str) -> None:
    registered_by = {entry.view_function.__module__ for entry in app.routes[path].values()}

    assert registered_by == {f"{PACKAGE}.{module_of(path)}"}


def test_the_table_knows_every_module_of_routes() -> None:
    assert {module_of(path) for path in app.routes} == EVERY_MODULE


def test_a_path_that_only_begins_like_another_word_is_not_taken_for_it() -> None:
    assert module_of("/v1/plugins/{plugin_id}/health-check") == "plugin_health"
    assert module_of("/v1/pluginsandmore") is None
    assert module_of("") is None


def test_a_request_loads_its_own_routes_and_a_later_one_adds_its_own() -> None:
    (health, _, first), (me, _, second) = answers_of(("GET", "/health"), ("GET", "/v1/me"))

    assert (health, routes_in(first)) == (200, {"health"})
    # Nobody has let it in; that it is refused shows that its route was found.
    assert (me, routes_in(second)) == (401, {"health", "me"})


def test_a_listing_of_plugins_loads_no_part_of_the_machines() -> None:
    ((status, _, loaded),) = answers_of(("GET", "/v1/plugins"))

    assert status == 401
    ours = {name.removeprefix("chalicelib.") for name in loaded if name.startswith("chalicelib.")}
    assert {name for name in ours if name.split(".")[0] in {"steps", "events", "plugin_runtime"}} == set()
    assert {
        "domain.plans",
        "domain.strategies",
        "domain.health",
        "domain.manifest",
        "services.deployments",
    } & ours == set()
    assert "adapters.s3" not in ours
    assert not loaded & {"boto3", "jsonschema", "jwt", "cryptography"}


@pytest.mark.parametrize(
    "method, path, status, allowed",
    [
        ("PUT", "/v1/plugins/{plugin_id}", 405, {"GET", "PATCH", "DELETE"}),
        ("GET", "/v1/nothing", 404, set()),
        ("GET", "", 404, set()),
    ],
)
def test_what_no_route_answers_is_refused_by_all_of_them(
    method: str, path: str, status: int, allowed: set[str]
) -> None:
    ((answered, headers, loaded),) = answers_of((method, path))

    assert answered == status
    assert {each for each in headers.get("Allow", "").split(", ") if each} == allowed
    assert routes_in(loaded) == EVERY_MODULE

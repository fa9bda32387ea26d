"""What is sent as data and would like to be more: lines of a log, headers, paths, addresses to fetch."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pytest

from tests.stack.attacks.conftest import ATTACKED, MINE, recorded
from tests.stack.product import Product
from tests.stack.running_stack import eventually

FORGED = '{"level":"INFO","message":"request","username":"admin","status":200,"forged":"by-the-attack"}'
SPLITS = ("x\r\nX-Injected: yes", "x\nX-Injected: yes", "x\u2028X-Injected: yes", "%0d%0aX-Injected:%20yes")


def logged(product: Product, needle: str) -> list[str]:
    """Find lines in the logs of all functions."""
    logs = product.stack.client("logs")
    found = []
    for group in logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/hotswap")["logGroups"]:
        events = logs.filter_log_events(logGroupName=group["logGroupName"], limit=10_000)["events"]
        found += [event["message"] for event in events if needle in event["message"]]
    return found


def test_no_line_of_the_log_is_written_by_who_is_logged(attacked: Product) -> None:
    # The gateway itself refuses a line feed in a path; what it lets through is logged as it was sent.
    assert attacked.ask("GET", f"/plugins/{quote(f'x{chr(10)}{FORGED}')}", role="viewer").status in {403, 404}
    for end in ("\r", "\u0085", "\u2028", "%0a"):
        assert attacked.ask("GET", f"/plugins/{quote(f'x{end}{FORGED}', safe='')}", role="viewer").status == 404

    found = eventually(lambda: lines if len(lines := logged(attacked, "by-the-attack")) >= 4 else None)

    # A line of its own would be believed; each is a document of ours, with all of what was sent in one field of it.
    told = [json.loads(line) for line in found]
    assert {each["action"] for each in told} == {"show_plugin"}
    assert all("forged" in each["path"] and "forged" not in each for each in told)


@pytest.mark.parametrize("split", SPLITS)
def test_no_answer_carries_a_header_that_was_sent_as_data(attacked: Product, split: str) -> None:
    answers = [
        attacked.ask("GET", f"/plugins/{quote(split)}"),
        attacked.ask("GET", f"/plugins?tags={quote(split)}"),
        attacked.ask("POST", "/plugins", {"name": split, "type": "Other"}),
        attacked.send("GET", "/me", b"", Authorization=f"Bearer {attacked.token('admin')}", traceparent="00-x-y-z"),
    ]

    assert not any(name.lower() == "x-injected" for answer in answers for name in answer.headers)
    assert all(answer.headers["X-Content-Type-Options"] == "nosniff" for answer in answers)


TRICKS = (
    "../registry",
    "..",
    ".",
    "a/../b",
    "%2e%2e",
    "%2e%2e%2fregistry",
    "..%5c..",
    "a\x00b",
    "CON",
    "~root",
    "-rf",
    "a--",
    "*",
)


@pytest.mark.parametrize("name", TRICKS)
def test_no_name_of_a_plugin_leads_anywhere_else(attacked: Product, name: str) -> None:
    registered = attacked.ask("POST", "/plugins", {"name": name, "type": "Other"})

    assert (registered.status, registered.body["code"]) == (400, "VALIDATION_ERROR")
    for path in (f"/plugins/{quote(name, safe='')}", f"/plugins/{quote(name, safe='')}/versions"):
        shown = attacked.ask("GET", path)
        assert shown.status == 404, (path, shown.body)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """Listen where no request of ours should ever come to."""
    heard: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_HEAD = do_POST = do_GET  # noqa: N815 - the names of the server

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", heard
        server.shutdown()


def test_an_address_of_documentation_is_kept_and_never_fetched(
    attacked: Product, listener: tuple[str, list[str]]
) -> None:
    address, heard = listener
    change = {"documentationUrl": f"{address}/latest/meta-data"}

    assert attacked.ask("PATCH", f"/plugins/{ATTACKED}", change).status == 200
    for path in (f"/plugins/{ATTACKED}", "/plugins", f"/plugins/{ATTACKED}/health"):
        assert attacked.ask("GET", path).status == 200

    assert heard == []


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "//evil.test", "gopher://x"]
)
def test_an_address_that_is_none_of_the_web_is_refused(attacked: Product, address: str) -> None:
    answer = attacked.ask("PATCH", f"/plugins/{ATTACKED}", {"documentationUrl": address})

    assert (answer.status, answer.body["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("page", ["/docs", "/approvals/apr_01JD9X4Q2M8W6Z3T7R5N1B0KCE-1-1"])
def test_a_page_runs_no_script_of_others_and_sets_no_cookie(attacked: Product, page: str) -> None:
    url = urlsplit(attacked.stack.info.api_url)
    with closing(HTTPConnection(str(url.hostname), url.port, timeout=30)) as connection:
        connection.request("GET", url.path.removesuffix("/v1") + page, headers={"Origin": "https://evil.test"})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'unsafe-inline'" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["strict-transport-security"].startswith("max-age=")
    assert "set-cookie" not in headers
    assert "access-control-allow-origin" not in headers


def test_a_role_that_may_not_is_on_record_with_what_it_tried(attacked: Product) -> None:
    assert attacked.ask("GET", f"/tenants/{MINE}", role="viewer").status == 403

    viewer = attacked.stack.info.users["viewer"]["username"]
    assert "show_tenant" in {record["reason"] for record in recorded(attacked, viewer, 1)}

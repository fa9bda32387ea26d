import json

import pytest

from infra.audit_dependencies import main, pinned

LOCK = "boto3==1.43.1 \\\n    --hash=sha256:aa\nrich==15.0.0 ; python_version > '3'\n# comment==1\n"


def test_what_a_lock_pins_is_named_with_its_version() -> None:
    assert pinned(LOCK) == [("boto3", "1.43.1"), ("rich", "15.0.0")]


def test_a_known_flaw_fails_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    answer = {"results": [{}, {"vulns": [{"id": "PYSEC-1"}]}]}

    assert main(lambda _: json.dumps(answer).encode(), LOCK) == 1
    assert "rich 15.0.0: PYSEC-1" in capsys.readouterr().out


def test_a_flaw_that_does_not_reach_us_is_accepted_by_name() -> None:
    answer = {"results": [{}, {"vulns": [{"id": "PYSEC-1"}]}]}

    assert main(lambda _: json.dumps(answer).encode(), LOCK, {"PYSEC-1": "it is about Windows"}) == 0


def test_every_package_is_asked_for_by_name_and_version() -> None:
    asked = []

    def ask(body: bytes) -> bytes:
        asked.append(json.loads(body))
        return json.dumps({"results": [{}, {}]}).encode()

    assert main(ask, LOCK) == 0
    assert asked == [
        {
            "queries": [
                {"package": {"name": "boto3", "ecosystem": "PyPI"}, "version": "1.43.1"},
                {"package": {"name": "rich", "ecosystem": "PyPI"}, "version": "15.0.0"},
            ]
        }
    ]


@pytest.mark.parametrize("answer", [OSError("no route"), b"<html>", b'{"results": []}'])
def test_a_database_that_can_not_be_asked_is_said_and_not_taken_for_a_pass(
    capsys: pytest.CaptureFixture[str], answer: OSError | bytes
) -> None:
    def ask(_body: bytes) -> bytes:
        if isinstance(answer, OSError):
            raise answer
        return answer

    assert main(ask, LOCK) == 0
    out = capsys.readouterr().out
    assert "NOT AUDITED: 2 packages" in out
    assert "✓" not in out

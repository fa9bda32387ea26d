"""Whether a module has the function that its manifest names, told without running it."""

import pytest

from chalicelib.domain.entry_points import entry_point_findings
from chalicelib.domain.findings import Finding
from chalicelib.domain.manifest import Manifest
from tests.packages import a_manifest


def found(source: str | bytes, runtime: str = "python3.11") -> tuple[Finding, ...]:
    raw = source.encode() if isinstance(source, str) else source
    return entry_point_findings(raw, "echo.py", Manifest.model_validate(a_manifest(runtime=runtime), strict=False))


@pytest.mark.parametrize(
    "source",
    [
        "def handle(operation, input, context): ...",
        "def handle(*args): ...",
        "def handle(o, i, c, more=None): ...",
        "def handle(o, i, /, c, *, debug=False): ...",
        "@decorated\ndef handle(): ...",
        "handle = lambda o, i, c: {}",
        "handle: object = make()",
        "a, (handle, b) = make()",
        "from elsewhere import handle",
        "from elsewhere import run as handle",
        "from elsewhere import *",
        "import handle",
        "if FAST:\n    def handle(o, i, c): ...\nelse:\n    handle = slow",
        "try:\n    from fast import handle\nexcept ImportError:\n    from slow import handle",
        "try:\n    x = 1\nfinally:\n    def handle(o, i, c): ...",
        "with a:\n    for b in c:\n        while d:\n            handle = b",
        "def handle(): ...\ndef handle(o, i, c): ...",
        "# -*- coding: latin-1 -*-\ndef handle(o, i, c): ...",
        "'\\d'\ndef handle(o, i, c): ...",
    ],
)
def test_a_module_that_gives_the_name_a_meaning_is_accepted(source: str) -> None:
    assert found(source) == ()


@pytest.mark.parametrize(
    "source,code,where",
    [
        ("", "ENTRY_POINT_MISSING", "echo.py"),
        ("def handel(o, i, c): ...", "ENTRY_POINT_MISSING", "echo.py"),
        ("class A:\n    def handle(self, o, i, c): ...", "ENTRY_POINT_MISSING", "echo.py"),
        ("def outer():\n    handle = 1", "ENTRY_POINT_MISSING", "echo.py"),
        ("\ndef handle(o, i): ...", "ENTRY_POINT_SIGNATURE", "echo.py:2"),
        ("def handle(o, i, c, d): ...", "ENTRY_POINT_SIGNATURE", "echo.py:1"),
        ("def handle(o, i, c, *, d): ...", "ENTRY_POINT_SIGNATURE", "echo.py:1"),
        ("async def handle(o, i, c): ...", "ENTRY_POINT_SIGNATURE", "echo.py:1"),
        ("class handle: ...", "ENTRY_POINT_SIGNATURE", "echo.py:1"),
        ("x = 1\ndef handle(:\n", "ENTRY_POINT_SYNTAX", "echo.py:2"),
        ("def handle(o, i, c):\nreturn {}", "ENTRY_POINT_SYNTAX", "echo.py:2"),
        (b"# coding: nonsense\n", "ENTRY_POINT_SYNTAX", "echo.py"),
        ("x = " + "-" * 200_000 + "1", "ENTRY_POINT_UNREADABLE", "echo.py"),
    ],
)
def test_a_module_that_can_not_serve_says_where_and_why(source: str | bytes, code: str, where: str) -> None:
    (finding,) = found(source)

    assert (finding.code, finding.where, finding.severity) == (code, where, "error")
    assert finding.message
    assert finding.fix


def test_a_nul_in_the_source_is_an_error() -> None:
    (finding,) = found(b"def handle(o, i, c): ...\0")

    # The parser itself refuses it since Python 3.11.4; before, its caller did.
    assert finding.code in {"ENTRY_POINT_SYNTAX", "ENTRY_POINT_UNREADABLE"}
    assert finding.severity == "error"


def test_the_syntax_of_a_newer_python_is_only_a_warning() -> None:
    (finding,) = found("type Amount = int\ndef handle(o, i, c): ...", runtime="python3.14")

    assert finding.severity == "warning"
    assert "not valid python3." in finding.message


def test_an_open_bracket_is_wrong_in_every_python() -> None:
    (finding,) = found("def handle(o, i, c:\n    return {}", runtime="python3.14")

    assert finding.severity == "error"

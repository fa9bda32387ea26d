"""What the documents point at exists, and every decision is on the list."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("statemachines/*.md")]
LINK = re.compile(r"""\]\((?P<link>[^)\s]+)\)|src="(?P<source>[^"]+)\"""")


def anchors(document: Path) -> set[str]:
    """Names that headings get on GitHub: lower case, without punctuation, dashes for blanks."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)

    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_no_link_of_a_document_leads_nowhere() -> None:
    links = {
        (document, match["link"] or match["source"])
        for document in DOCUMENTS
        for match in LINK.finditer(document.read_text())
    }

    broken = []
    for document, link in links:
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if "://" not in link and (not target.exists() or (anchor and anchor not in anchors(target))):
            broken.append(f"{document.relative_to(ROOT)}: {link}")

    assert links
    assert broken == []


def test_every_decision_is_on_the_list() -> None:
    listed = re.findall(r"\((\d{4}-[a-z0-9-]+\.md)\)", (ROOT / "docs/adr/README.md").read_text())

    assert listed == sorted(path.name for path in ROOT.glob("docs/adr/[0-9]*.md"))


def test_every_decision_has_context_decision_and_consequences() -> None:
    headings = {
        path.name: re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE) for path in ROOT.glob("docs/adr/[0-9]*.md")
    }

    assert {name: found for name, found in headings.items() if found != ["Context", "Decision", "Consequences"]} == {}


def lessons() -> dict[str, set[str]]:
    """Return the tests that the page of lessons names, by the first cell of their row."""
    rows = [line.split(" | ") for line in (ROOT / "docs/lessons.md").read_text().splitlines() if line.startswith("| ")]

    return {cells[0].removeprefix("| "): set(re.findall(r"`(test_\w+)`", cells[-1])) for cells in rows}


def names_of_tests() -> set[str]:
    files = (ROOT / "tests").glob("**/test_*.py")

    return {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}


def test_every_lesson_names_the_tests_that_bear_its_number_and_has_one() -> None:
    there_are = {name for name in names_of_tests() if re.match(r"test_r\d", name)}
    by_number = {
        f"R{number}": {name for name in there_are if name.startswith(f"test_r{number:02}_")} for number in range(1, 29)
    }

    assert {row: named for row, named in lessons().items() if re.fullmatch(r"R\d+", row)} == by_number
    assert all(by_number.values())
    assert set().union(*by_number.values()) == there_are


def test_every_test_that_a_lesson_names_exists() -> None:
    named = set().union(*lessons().values())

    assert len(named) > 80
    assert named - names_of_tests() == set()


def test_every_control_names_tests_that_exist() -> None:
    text = (ROOT / "docs/compliance.md").read_text().partition("## Retention")[0]
    controls = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| Control")]
    named = {control: set(re.findall(r"`(test_\w+)`", control)) for control in controls}

    assert len(controls) > 20
    assert {control for control, tests in named.items() if not tests} == set()
    assert set().union(*named.values()) - names_of_tests() == set()


def test_every_abuse_case_names_a_test_and_every_one_that_is_named_exists() -> None:
    page = (ROOT / "docs/security.md").read_text()
    cases = page.partition("## Abuse cases")[2].partition("\n## ")[0].splitlines()
    rows = [line for line in cases if line.startswith("| ") and not line.startswith("| Somebody")]
    named = {row: set(re.findall(r"`(test_\w+)`", row)) for row in rows}

    assert len(rows) > 30
    assert [row for row, tests in named.items() if not tests] == []
    assert set().union(*named.values()) - names_of_tests() == set()

"""`python -m bench [case …]`: measure, show a table, and keep the figures."""

import argparse
import json
import sys
from collections.abc import Sequence

from rich.console import Console

from bench import machine, tables
from bench.cases import CASES
from bench.pages import write_page
from bench.reports import Case, Report, Verdict
from bench.slices import Effort

_LATEST = machine.CACHE_DIRECTORY / "latest.json"
_QUICK = Effort(quiet_turns=5, rounds_at_most=40, plugin_starts=15)


def main() -> int:
    """Run what was asked for; return 1 when an aim is not met, 2 when a case could not be measured."""
    asked = _arguments()
    chosen = _chosen(asked.case, slow=asked.slow)
    console = Console(stderr=asked.json, highlight=False, width=None if sys.stdout.isatty() else 140)
    facts = machine.facts()
    tables.show_facts(console, facts)
    reports = [_measured(console, case, _QUICK if asked.quick else Effort()) for case in chosen]
    tables.show_verdicts(console, reports)
    document = {"facts": facts, "cases": [report.document() for report in reports]}
    _LATEST.parent.mkdir(parents=True, exist_ok=True)
    _LATEST.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    if asked.json:
        sys.stdout.write(_LATEST.read_text())
    if asked.record:
        write_page(reports, facts)
    return _exit_code(reports)


def _arguments() -> argparse.Namespace:
    listed = "\n".join(f"  {case.name:<16} {case.title}{' (slow)' if case.is_slow else ''}" for case in CASES.values())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=f"cases:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("case", nargs="*", help="what to measure (default: all but the slow ones)")
    parser.add_argument("--slow", action="store_true", help="also the cases that start a whole stack")
    parser.add_argument("--quick", action="store_true", help="few samples: to see that it works, not to quote")
    parser.add_argument(
        "--json", action="store_true", help="print JSON to standard output, the tables to standard error"
    )
    parser.add_argument("--record", action="store_true", help="write docs/benchmarks.md from this run")
    asked = parser.parse_args()
    if unknown := [name for name in asked.case if name not in CASES]:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    if asked.record and (asked.quick or asked.case):
        parser.error("--record is for a full run: without case names and without --quick")
    return asked


def _chosen(names: Sequence[str], *, slow: bool) -> list[Case]:
    if names:
        return [CASES[name] for name in dict.fromkeys(names)]
    return [case for case in CASES.values() if slow or not case.is_slow]


def _measured(console: Console, case: Case, effort: Effort) -> Report:
    with console.status(f"measuring {case.name}"):
        report = case.report(effort)
    tables.show_report(console, report)
    return report


def _exit_code(reports: Sequence[Report]) -> int:
    if any(report.problem for report in reports):
        return 2
    return int(any(measure.verdict is Verdict.NOT_MET for report in reports for measure in report.measures))


if __name__ == "__main__":
    sys.exit(main())

"""Versions and what their intake found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from hotswap.errors import FieldProblem
from hotswap.resources.versions import Finding, Version
from hotswap.views.problems import problems_view
from hotswap.views.tables import facts, listing
from hotswap.views.theme import status_text
from hotswap.views.times import ago, duration, size

SHORT_DIGEST = 12
SHOWN_TENANTS = 10


def versions_view(versions: Sequence[Version], plugin_id: str, now: datetime) -> RenderableType:
    """List the versions of a plugin."""
    rows = [
        (
            Text(version.version, style="version"),
            status_text(version.status),
            version.sha256[:SHORT_DIGEST] or "-",
            size(version.size),
            duration(version.init_ms),
            str(len(version.findings)) if version.findings else "-",
            ago(version.created_at, now),
        )
        for version in versions
    ]

    return listing(
        ("VERSION", "STATUS", "SHA256", "SIZE>", "INIT>", "FINDINGS>", "CREATED"),
        rows,
        nothing=f"{plugin_id} has no versions yet.",
        next_step="hotswap plugin publish FOLDER",
    )


def version_view(version: Version, now: datetime) -> RenderableType:
    """Show one version."""
    manifest = version.raw.get("manifest") or {}
    parts: list[RenderableType] = [
        facts(
            [
                ("plugin", Text(version.plugin_id, style="name")),
                ("version", Text(version.version, style="version")),
                ("status", status_text(version.status)),
                ("why", _why(version)),
                ("sha256", version.sha256[:SHORT_DIGEST]),
                ("size", size(version.size) if version.size else ""),
                ("init", duration(version.init_ms) if version.init_ms is not None else ""),
                ("function", f"Lambda version {version.lambda_version}" if version.lambda_version else ""),
                ("runs", _entry_point(manifest)),
                ("operations", ", ".join(manifest.get("operations") or ())),
                ("secrets", ", ".join(manifest.get("secrets") or ())),
                ("notes", version.release_notes),
                ("created", ago(version.created_at, now)),
            ]
        )
    ]
    if version.findings:
        parts += [Text(), findings_view(version.findings)]
    parts += _next_step(version)

    return Group(*parts)


def retired_view(version: Version, title: str) -> RenderableType:
    """Say what a version is now, why, and whom that concerns."""
    tenants = [str(each) for each in version.raw.get("tenants") or ()]
    more = int(version.raw.get("pinnedTenants") or 0) - len(tenants[:SHOWN_TENANTS])
    named = ", ".join(tenants[:SHOWN_TENANTS]) + (f" and {more} more" if more > 0 else "")

    return facts(
        [
            (title.lower(), Text(f"{version.plugin_id} {version.version}", style="name")),
            ("status", status_text(version.status)),
            ("why", _why(version)),
            ("pinned", named),
        ]
    )


def _why(version: Version) -> str:
    notices = [version.raw.get(name) for name in ("blocked", "yanked", "deprecated")]
    return next((str(notice.get("reason", "")) for notice in notices if notice), "")


def findings_view(findings: Sequence[Finding]) -> RenderableType:
    """List findings: what, where, how to fix it; errors first."""
    ordered = sorted(findings, key=lambda finding: finding.severity != "error")
    problems = [
        FieldProblem(
            field=finding.where,
            message=f"{finding.message} ({finding.severity} {finding.code})" if finding.code else finding.message,
            fix=finding.fix,
        )
        for finding in ordered
    ]

    return Group(Text(f"{len(findings)} finding{'s' if len(findings) != 1 else ''}"), problems_view(problems))


def _entry_point(manifest: dict[str, str]) -> str:
    return " · ".join(part for part in (manifest.get("entryPoint", ""), manifest.get("runtime", "")) if part)


def _next_step(version: Version) -> list[RenderableType]:
    commands = {
        "Ready": f"hotswap deploy create {version.plugin_id} {version.version} --environment Development --wait",
        "Draft": "hotswap plugin publish FOLDER   (goes on where it stopped)",
        "Verifying": f"hotswap version show {version.plugin_id} {version.version}   (the intake is running)",
        "Rejected": "correct the findings, raise the version in plugin.json, publish again",
    }
    command = commands.get(version.status)

    return [Text(), Text.assemble(("next: ", "quiet"), (command, "fix"))] if command else []

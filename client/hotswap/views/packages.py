"""Packages on this machine, and what became of them."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from hotswap.errors import FieldProblem
from hotswap.packages import Package
from hotswap.publishing import Published
from hotswap.views.problems import problems_view


def accepted_view(package: Package, outcome: str) -> RenderableType:
    """Say what became of a package that passed the checks; warnings below."""
    parts: list[RenderableType] = [
        Text.assemble(("✔ ", "ok"), (package.name, "name"), " ", (package.version, "version"), f" {outcome}"),
        Text(
            f"  {package.type}, {package.size_text}, {package.files} files, sha256 {package.sha256[:12]}", style="quiet"
        ),
    ]
    if package.warnings:
        count = len(package.warnings)
        parts.append(Text(f"  {count} warning{'s' if count != 1 else ''}", style="held"))
        parts.append(problems_view([FieldProblem(each.where, each.message, each.fix) for each in package.warnings]))

    return Group(*parts)


def published_view(published: Published) -> RenderableType:
    """Say that a version is there, and what to do with it."""
    version = published.version
    said = f" is {version.status}" if published.is_new else f" was published before and is {version.status}"
    command = f"hotswap deploy create {version.plugin_id} {version.version} --environment Development --wait"

    return Group(
        Text.assemble(("✔ ", "ok"), (version.plugin_id, "name"), " ", (version.version, "version"), said),
        Text.assemble(("next: ", "quiet"), (command, "fix")),
    )

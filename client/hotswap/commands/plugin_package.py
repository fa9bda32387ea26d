"""`plugin validate`, `pack` and `publish`: from a folder to a version that is Ready."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hotswap.errors import FieldProblem, HotSwapError
from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session

if TYPE_CHECKING:
    from hotswap.packages import Package
    from hotswap.progress import Progress
    from hotswap.publishing import Published

WAIT_SECONDS = 300.0
_SOURCE = click.Path(path_type=Path)


@click.command("validate", cls=HotSwapCommand)
@click.argument("source", type=_SOURCE, metavar="FOLDER|ZIP", default=Path())
@pass_session
def validate(session: Session, source: Path) -> None:
    """Check a plugin by the rules that publishing it applies; nothing is sent."""
    from hotswap.packages import read_package
    from hotswap.views.packages import accepted_view

    package = read_package(source)
    session.out.show(_document(package), lambda: accepted_view(package, "is fit to be published"))


@click.command("pack", cls=HotSwapCommand)
@click.argument("source", type=_SOURCE, metavar="FOLDER", default=Path())
@click.option("--output", "-o", type=_SOURCE, metavar="ZIP", help="Where to write it; NAME-VERSION.zip when absent.")
@pass_session
def pack(session: Session, source: Path, output: Path | None) -> None:
    """Check a plugin and write its zip; the same files always give the same bytes."""
    from hotswap.packages import read_package
    from hotswap.views.packages import accepted_view

    package = read_package(source)
    target = output or session.environment.folder / f"{package.name}-{package.version}.zip"
    if not session.options.dry_run:
        target.write_bytes(package.content)
    verb = "would be packed to" if session.options.dry_run else "packed to"
    session.out.show({**_document(package), "file": str(target)}, lambda: accepted_view(package, f"{verb} {target}"))


@click.command("publish", cls=HotSwapCommand)
@click.argument("source", type=_SOURCE, metavar="FOLDER|ZIP", default=Path())
@pass_session
def publish(session: Session, source: Path) -> None:
    """
    Publish a plugin: pack, register, upload, and wait until it is Ready or Rejected.

    Safe to repeat: it goes on where it stopped, and leaves alone what is published.
    """
    from hotswap.packages import read_package
    from hotswap.publishing import publish as publish_package
    from hotswap.publishing import rehearse
    from hotswap.views.packages import accepted_view

    progress = _progress(session)
    if session.options.dry_run:
        package = read_package(source)
        rehearse(package, session.client)
        session.out.show(_document(package), lambda: accepted_view(package, "would be published"))
        return
    progress.begin("package", str(source))
    package = _read(source, progress)
    progress.end(f"{package.size_text}, {package.files} files, sha256 {package.sha256[:12]}")
    published = publish_package(package, session.client, progress, session.deadline(WAIT_SECONDS))
    _finish(session, package, published)


def _read(source: Path, progress: Progress) -> Package:
    from hotswap.packages import read_package

    try:
        return read_package(source)
    except HotSwapError:
        progress.fail("not fit to be published")
        raise


def _progress(session: Session) -> Progress:
    if session.options.json:
        from hotswap.progress import SilentProgress

        return SilentProgress()
    from hotswap.views.stages import StageLines

    return StageLines(session.out.errors, session.environment.clock)


def _finish(session: Session, package: Package, published: Published) -> None:
    from hotswap.views.packages import published_view

    version = published.version
    if version.status == "Rejected":
        if session.options.json:
            session.out.document(version.raw)
        raise HotSwapError(
            f"{package.name} {package.version} was rejected by its intake.",
            fix='correct what it found, raise "version" in plugin.json, publish again',
            code="VERSION_REJECTED",
            problems=tuple(FieldProblem(each.where, each.message, each.fix) for each in version.findings),
        )
    session.out.show(version.raw, lambda: published_view(published))


def _document(package: Package) -> dict[str, object]:
    return {
        "name": package.name,
        "version": package.version,
        "type": package.type,
        "sha256": package.sha256,
        "size": len(package.content),
        "files": package.files,
        "warnings": [
            {"code": each.code, "where": each.where, "message": each.message, "fix": each.fix}
            for each in package.warnings
        ],
    }

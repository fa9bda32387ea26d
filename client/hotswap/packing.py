"""Packing a plugin's folder into a package: the same folder gives the same bytes, on any day and machine."""

from __future__ import annotations

import fnmatch
import io
import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hotswap.errors import UsageError

IGNORE_FILE = ".hotswapignore"
REQUIREMENTS_FILE = "requirements.txt"

#: What never belongs into a package; whatever begins with a dot (`.git`, `.env`, caches) does not either.
_NEVER = ("__pycache__/", "*.pyc", "*.pyo", "/*.zip", "node_modules/")
#: What pip writes about an installation differs from one machine to the next, and nothing reads it in Lambda.
_NEVER_VENDORED = (
    "*.dist-info/RECORD",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
)
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """
    Patterns of what is left out, as in ``.gitignore`` but without ``!``.

    A pattern without a slash (other than at its end) matches at any depth, one with a slash from the
    root; a slash at the end means folders only; what lies in a folder that is left out is left out too.
    """

    patterns: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path) -> IgnoreRules:
        """Read the rules of *folder*; without a file there are none."""
        path = folder / IGNORE_FILE
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        stripped = (line.strip() for line in lines)
        return cls(tuple(line for line in stripped if line and not line.startswith("#")))

    def cover(self, path: PurePosixPath) -> bool:
        """Tell whether the file at *path*, or a folder that it is in, is to be left out."""
        steps = [*reversed(path.parents[:-1]), path]
        return any(_matches(pattern, step, is_folder=step is not path) for pattern in self.patterns for step in steps)


def _matches(pattern: str, path: PurePosixPath, *, is_folder: bool) -> bool:
    body = pattern.rstrip("/")
    if pattern.endswith("/") and not is_folder:
        return False
    if "/" not in body:
        return fnmatch.fnmatchcase(path.name, body)
    anchored = PurePosixPath(body.lstrip("/"))
    # Part by part, so that `*` does not reach across a slash.
    return len(anchored.parts) == len(path.parts) and all(
        fnmatch.fnmatchcase(part, wanted) for part, wanted in zip(path.parts, anchored.parts, strict=True)
    )


def pack(folder: Path) -> bytes:
    """
    Return the package of the plugin in *folder*.

    What its ``requirements.txt`` names is put in beside its own files, for Lambda and for the Python that
    its manifest names. Whether the result is fit to be published, ``inspect_package`` says.

    Raises:
        UsageError: A file can't be read, a link leads out of the folder, or the requirements can't be had.
    """
    rules = IgnoreRules.read(folder)
    files = dict(_own_files(folder, rules))
    requirements = folder / REQUIREMENTS_FILE
    if requirements.is_file() and requirements.read_text(encoding="utf-8").strip():
        from hotswap.vendoring import vendored_folder

        for name, path in _vendored_files(vendored_folder(requirements, _runtime_of(folder)), rules):
            if name in files:
                raise UsageError(
                    f"{name} is in {folder} and in one of its requirements.",
                    fix=f"rename yours, or leave the other out by a line in {IGNORE_FILE}",
                )
            files[name] = path
    return _zip(files.items())


def _own_files(folder: Path, rules: IgnoreRules) -> Iterator[tuple[str, Path]]:
    own = IgnoreRules((*_NEVER, ".*", *rules.patterns))
    root = folder.resolve()
    for name, path in _walk(folder):
        if own.cover(PurePosixPath(name)) or _is_in_environment(path, folder):
            continue
        if not path.resolve().is_relative_to(root):
            raise UsageError(f"{path} is a link that leads out of {folder}.", fix="put the file itself there")
        yield name, path


def _vendored_files(vendored: Path, rules: IgnoreRules) -> Iterator[tuple[str, Path]]:
    ignored = IgnoreRules((*_NEVER_VENDORED, "__pycache__/", "*.pyc", *rules.patterns))
    for name, path in _walk(vendored):
        if not ignored.cover(PurePosixPath(name)):
            yield name, path


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    for base, folders, names in os.walk(folder):
        # Not entered at all: a repository's objects or an environment can be a hundred thousand files.
        folders[:] = sorted(name for name in folders if name not in {".git", "__pycache__", ".venv", "node_modules"})
        for name in sorted(names):
            path = Path(base, name)
            yield path.relative_to(folder).as_posix(), path


def _is_in_environment(path: Path, folder: Path) -> bool:
    """Tell whether *path* is part of a virtual environment, whatever its name is."""
    return any((parent / "pyvenv.cfg").is_file() for parent in path.parents if parent.is_relative_to(folder))


def _runtime_of(folder: Path) -> str:
    """Return the Python that the manifest asks for; a broken manifest is reported by its inspection."""
    from chalicelib.domain.manifest import Manifest
    from chalicelib.domain.manifest_reading import parse_manifest

    path = folder / "plugin.json"
    manifest = parse_manifest(path.read_bytes()) if path.is_file() else None
    return manifest.runtime if isinstance(manifest, Manifest) else str(Manifest.model_fields["runtime"].default)


def _zip(files: Iterable[tuple[str, Path]]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, also where this runs on Windows
            try:
                is_executable = path.stat().st_mode & stat.S_IXUSR
                content = path.read_bytes()
            except OSError as error:
                raise UsageError(f"{path} can't be read: {error.strerror}.", fix="mend it, or leave it out") from error
            info.external_attr = (0o100755 if is_executable else 0o100644) << 16
            archive.writestr(info, content)
    return target.getvalue()

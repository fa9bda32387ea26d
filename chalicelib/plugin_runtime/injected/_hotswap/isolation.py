"""
A plugin sees what it ships, Python itself and the platform's AWS SDK; nothing else the machine happens to have.

Without this a plugin that forgot to vendor a library would work wherever the library is installed by chance
(a laptop, the emulator) and fail on AWS; and a library would pick up optional ones it was never tested with.
"""

import os
import sys
from importlib.machinery import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

#: boto3 and what it is made of: Lambda's Python runtimes have them.
PLATFORM_SDK = frozenset({"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"})
#: Lambda's own code and its layers (Lambda developer guide, "Python runtimes" and "Layers").
_PLATFORM_FOLDERS = ("/var/runtime", "/opt")


class PlatformSdkFinder:
    """Finds the AWS SDK, and only it, in folders that are otherwise out of sight."""

    def __init__(self, folders: "Sequence[str]") -> None:
        self._folders = list(folders)

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        """Answer the import system for top-level names; parts of a package are found through the package."""
        if path is None and name in PLATFORM_SDK:
            return PathFinder.find_spec(name, self._folders, target)
        return None


def seal_imports(package: str) -> None:
    """Take from the import system what belongs neither to the *package* (a folder) nor to Python nor to Lambda."""
    standard = os.path.dirname(os.__file__)
    hidden = [folder for folder in sys.path if not _is_visible(folder, package, standard)]
    sys.path[:] = [folder for folder in sys.path if folder not in hidden]
    # Projects installed "editable" are found by finders of their own, past sys.path.
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if not getattr(finder, "__module__", "").startswith("__editable__")
    ]
    # The standard library sees nothing of this: last in line, the finder is asked only when all others failed.
    sys.meta_path.append(PlatformSdkFinder(hidden))


def _is_visible(folder: str, package: str, standard: str) -> bool:
    absolute = os.path.abspath(folder)
    if _is_within(absolute, package) or any(_is_within(absolute, root) for root in _PLATFORM_FOLDERS):
        return True
    is_library = _is_within(absolute, standard) or absolute.endswith(
        f"python{sys.version_info[0]}{sys.version_info[1]}.zip"
    )
    return is_library and "site-packages" not in absolute and "dist-packages" not in absolute


def _is_within(folder: str, root: str) -> bool:
    return folder == root or folder.startswith(root.rstrip(os.sep) + os.sep)

"""Packages for tests: plugins that behave, plugins that do not, and archives made to harm whoever opens them."""

import io
import json
import stat
import struct
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

ECHO = """
from hotswap_plugin import PluginContext

def handle(operation: str, input: dict, context: PluginContext) -> dict:
    return {"operation": operation, "input": input, "tenant": context.tenant_id}
"""

#: Tries what a plugin's empty role must not allow, and reports the error code of each.
CURIOUS = """
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

QUICKLY = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})
ATTEMPTS = {
    "s3": lambda: boto3.client("s3", config=QUICKLY).list_buckets(),
    "dynamodb": lambda: boto3.client("dynamodb", config=QUICKLY).list_tables(),
    "sts": lambda: boto3.client("sts", config=QUICKLY).assume_role(
        RoleArn="arn:aws:iam::000000000000:role/administrator", RoleSessionName="curious"
    ),
}

def attempt(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"

def handle(operation, input, context):
    return {name: attempt(call) for name, call in ATTEMPTS.items()}
"""

RAISES_AT_IMPORT = (
    'SETTINGS = {}\nREGION = SETTINGS["region"]\n\ndef handle(operation, input, context):\n    return {}\n'
)

EXITS_AT_IMPORT = "import sys\nsys.exit(3)\n\ndef handle(operation, input, context):\n    return {}\n"

SLOW = """
import time

def handle(operation, input, context):
    time.sleep(input.get("seconds", 60))
    return {}
"""

#: Raises with a text that holds what no caller may see.
LEAKING = """
def handle(operation, input, context):
    raise RuntimeError(f"connection to db.internal:5432 failed for {context.secrets['apiKey']} in {__file__}")
"""


def a_manifest(**changes: object) -> dict[str, Any]:
    """Describe an echo plugin; *changes* go into it, None removes."""
    manifest = {"name": "echo", "version": "1.0.0", "type": "Other", "entryPoint": "echo:handle", **changes}
    return {key: value for key, value in manifest.items() if value is not None}


def a_package(source: str = ECHO, *, files: Mapping[str, str | bytes] | None = None, **changes: object) -> bytes:
    """Zip a plugin whose module is *source*, with *files* beside it; *changes* go into its manifest."""
    manifest = a_manifest(**changes)
    module = str(manifest.get("entryPoint", "echo:handle")).partition(":")[0].replace(".", "/")
    return a_zip({"plugin.json": json.dumps(manifest), f"{module}.py": source, **(files or {})}.items())


def a_zip(entries: Iterable[tuple[str | zipfile.ZipInfo, str | bytes]]) -> bytes:
    """Zip *entries* in their order; names may repeat, and may be anything."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            # Without a time of its own an entry gets the present one, and two packages differ.
            info = zipfile.ZipInfo(name) if isinstance(name, str) else name
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def with_entry(name: str, content: str | bytes = b"") -> bytes:
    """Pack an echo plugin with one more entry, called *name*."""
    return a_package(files={name: content})


def zip_slip() -> bytes:
    """Pack an entry that would be written outside the folder it is unpacked into."""
    return with_entry("../../../tmp/evil.py", "print('out')")


def bomb() -> bytes:
    """Pack 60 MB of zeros into some 60 KB."""
    return with_entry("zeros.bin", bytes(60_000_000))


def lying_bomb() -> bytes:
    """Pack the same, but announce 10 bytes wherever a size is announced."""
    honest = bomb()
    return honest.replace(struct.pack("<L", 60_000_000), struct.pack("<L", 10))


def symlink() -> bytes:
    """Pack a symbolic link to a file of the machine."""
    info = zipfile.ZipInfo("settings.txt")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return a_zip([("plugin.json", json.dumps(a_manifest())), ("echo.py", ECHO), (info, "/etc/passwd")])


def device() -> bytes:
    """Pack a character device."""
    info = zipfile.ZipInfo("null")
    info.create_system = 3
    info.external_attr = (stat.S_IFCHR | 0o666) << 16
    return a_zip([("plugin.json", json.dumps(a_manifest())), ("echo.py", ECHO), (info, "")])


def without_manifest() -> bytes:
    """Pack a module and nothing else."""
    return a_zip([("echo.py", ECHO)])


def in_a_folder() -> bytes:
    """Zip the folder instead of what is in it, as desktops do."""
    return a_zip([("echo-plugin/plugin.json", json.dumps(a_manifest())), ("echo-plugin/echo.py", ECHO)])


def disagreeing() -> bytes:
    """Pack a manifest that is valid but names another plugin and another version than `a_manifest`."""
    return a_package(name="another-plugin", version="9.9.9")


def with_unicode_names() -> bytes:
    """Pack files whose names are not ASCII, and a right-to-left one."""
    return a_package(files={"données/größe.txt": "ä", "日本語.txt": "x", "קובץ.txt": "y"})


def overlapping() -> bytes:
    """Make two entries of the directory share the same data, as bombs of the quine kind do."""
    whole = a_zip([("plugin.json", json.dumps(a_manifest())), ("echo.py", ECHO), ("a.txt", "same"), ("b.txt", "same")])
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        first, second = (archive.getinfo(name).header_offset for name in ("a.txt", "b.txt"))
    at = whole.rindex(b"b.txt") - 46
    moved = bytearray(whole)
    moved[at + 42 : at + 46] = struct.pack("<L", first)
    assert struct.unpack("<L", whole[at + 42 : at + 46]) == (second,)
    # Now header and directory would disagree about the name: both are called the same in the header.
    moved[at + 46 : at + 51] = b"a.txt"
    return bytes(moved)


def encrypted() -> bytes:
    """Set the flag of encryption on an entry, in its header and in the directory."""
    whole = bytearray(a_package())
    at = whole.index(b"PK\x03\x04", whole.index(b"PK\x03\x04") + 4)
    whole[at + 6] |= 0x1
    central = whole.rindex(b"PK\x01\x02")
    whole[central + 8] |= 0x1
    return bytes(whole)

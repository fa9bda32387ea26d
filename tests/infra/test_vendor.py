import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from infra.package import build_package
from infra.vendor import PROJECT_DIRECTORY

#: Nothing is importable but the package, the standard library, and what Lambda brings along.
ONLY_WHAT_LAMBDA_HAS = """
import sys
from importlib.machinery import PathFinder
from pkgutil import walk_packages

package, site = sys.argv[1:]
sys.path.insert(0, package)

class Lambda:
    @staticmethod
    def find_spec(name, path=None, target=None):
        known = {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"}
        return PathFinder.find_spec(name, [site]) if name in known else None

sys.meta_path.append(Lambda)
"""
EVERYTHING_OF_OURS = """
import app, chalicelib
names = [module.name for module in walk_packages(chalicelib.__path__, "chalicelib.")]
imported = [name for name in names if ".injected" not in name]
for name in imported:
    __import__(name)
assert len(imported) > 100, imported
"""
A_TOKEN = """
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
key = generate_private_key(public_exponent=65537, key_size=2048)
token = jwt.encode({"sub": "ana"}, key, algorithm="RS256")
assert jwt.decode(token, key.public_key(), algorithms=["RS256"]) == {"sub": "ana"}
"""
A_SCHEMA = """
from jsonschema import Draft7Validator
found = [error.validator for error in Draft7Validator({"required": ["text"]}).iter_errors({})]
assert found == ["required"], found
"""
A_DOCUMENT = f"""
from chalicelib.api.application import app
from chalicelib.api.openapi import document_of, write
assert write(document_of(app.load_all())) == open({str(PROJECT_DIRECTORY / "docs" / "openapi.json")!r}).read()
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(build_package().code_path) as code:
        code.extractall(folder)
    return folder


@pytest.mark.parametrize(
    "program", [EVERYTHING_OF_OURS, A_TOKEN, A_SCHEMA, A_DOCUMENT], ids=["imports", "token", "schema", "openapi"]
)
def test_package_holds_all_that_its_code_needs(program: str, unpacked: Path) -> None:
    environment = {f"HOTSWAP_{name}": "x" for name in ("ACCOUNT_ID", "ISSUER", "CLIENT_ID")}
    command = [sys.executable, "-I", "-S", "-B", "-c", ONLY_WHAT_LAMBDA_HAS + program]

    done = subprocess.run(
        [*command, str(unpacked), sysconfig.get_path("purelib")],
        env={**environment, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr

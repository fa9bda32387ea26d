"""Faults that the emulator is asked for, and what it tells of them."""

import json
import urllib.request
from collections import Counter
from typing import Any

from infra.local.faults import PATH
from tests.stack.product import Product


def break_services(product: Product, *faults: dict[str, Any]) -> None:
    """Let something go wrong from now on: objects with the fields of `infra.local.faults.Fault`."""
    _ask(product, "POST", list(faults))


def mend_services(product: Product) -> Counter[str]:
    """End all faults, and count how often each thing was struck."""
    struck: Counter[str] = Counter()
    for fault in _ask(product, "DELETE"):
        struck.update(fault["struck"])
    return struck


def _ask(product: Product, method: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(product.stack.info.emulator_url + PATH, data, method=method)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - loopback
        return json.load(answer)

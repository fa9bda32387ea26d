"""Load an engine once in a process of its own, and print what that took."""

import gc
import json
import resource
import time
from pathlib import Path

from bench.engines import Facts, document_of, load, tenant_ids


def measure_load(name: str, document: Path) -> None:
    """Print the CPU time of the load in ms, and by how much the process has grown in MB once garbage is gone."""
    load(name, document_of(name, Facts.of(1, 1, tenant_ids(1))), ())
    gc.collect()
    before = _resident_mb()
    started = time.process_time()
    engine = load(name, document.read_bytes(), ())
    load_ms = (time.process_time() - started) * 1_000
    gc.collect()
    print(json.dumps({"ms": load_ms, "mb": _resident_mb() - before, "engine": type(engine).__name__}))


def measure_routes(document: Path) -> None:
    """Do the same for routes, from the JSON of their items to what a decision takes."""
    from chalicelib.adapters.dynamodb.documents import route_of  # noqa: PLC0415 - the engines do without

    gc.collect()
    before = _resident_mb()
    started = time.process_time()
    routes = [route_of(values) for values in json.loads(document.read_bytes())]
    load_ms = (time.process_time() - started) * 1_000
    gc.collect()
    print(json.dumps({"ms": load_ms, "mb": _resident_mb() - before, "routes": len(routes)}))


def measure_served(document: Path) -> None:
    """
    Print the growth of a container that has served these pins once, through the cache that it really has.

    Also how long that took, and how long until it could decide for the first of them.
    """
    from bench.programs.serving import serving_reads  # noqa: PLC0415 - as above
    from chalicelib.domain.resolution import Reason, resolve  # noqa: PLC0415 - as above

    reads = serving_reads()
    pins = json.loads(document.read_bytes())
    gc.collect()
    before = _resident_mb()
    started = time.process_time()
    first_ms = 0.0
    for plugin, pinned in pins.items():
        for tenant in pinned:
            installation, route = reads.installation(tenant, plugin), reads.route(plugin, "Production")
            decision = resolve(route, reads.tenant(tenant), installation, "2026-11-22T12:00:00.000Z")
            assert decision.reason is Reason.PIN
            first_ms = first_ms or (time.process_time() - started) * 1_000
    all_ms = (time.process_time() - started) * 1_000
    gc.collect()
    served = sum(map(len, pins.values()))
    print(json.dumps({"mb": _resident_mb() - before, "first": first_ms, "all": all_ms, "served": served}))


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6

"""
The engines that decide who gets what: ours and three that others sell, with the same facts in each.

A fact is: these tenants of a plugin are pinned to 9.0.0, of the others 10 % get 2.0.0 and the rest 1.0.0. Each
engine is set up as its makers document for use without a network, with nothing logged and nothing sent, and what
it can be given ready-made (contexts, attributes) it is given.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STABLE, CANDIDATE, PINNED = "1.0.0", "2.0.0", "9.0.0"
SHARE = 0.1
#: Ours, given its tenant ready-made.
OURS_GIVEN = "ours, tenant given"
_NOW = "2026-11-22T12:00:00.000Z"
_FLAG_SHARDS = 10_000


@dataclass(frozen=True, slots=True)
class Facts:
    """Plugins by id, each with the ids of its pinned tenants."""

    pins: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, plugins: int, pins: int, tenants: Sequence[str]) -> "Facts":
        """Pin *pins* tenants of each plugin, evenly spread and others for each plugin."""
        step = len(tenants) // pins
        return cls(
            {
                f"plugin-{number:04}": [tenants[(number * 7 + place * step) % len(tenants)] for place in range(pins)]
                for number in range(plugins)
            }
        )


@dataclass(frozen=True, slots=True)
class Engine:
    """A loaded engine: *decide* takes what *question* makes of a plugin and a tenant; *version* reads its answer."""

    decide: Callable[..., Any]
    question: Callable[[str, str], tuple[Any, ...]]
    version: Callable[[Any], str] = str


def tenant_ids(count: int, *, width: int = 5) -> list[str]:
    """Name so many tenants; with *width* 1 the ids differ in length."""
    return [f"tenant-{number:0{width}}" for number in range(count)]


def document_of(name: str, facts: Facts) -> bytes:
    """Write the facts as the engine reads them."""
    return json.dumps(_DOCUMENTS[name](facts), separators=(",", ":")).encode()


def load(name: str, document: bytes, tenants: Iterable[str]) -> Engine:
    """Load an engine from its document; *tenants* are those that will be asked about."""
    return _LOADERS[name](document, tenants)


def _load_ours(document: bytes, tenants: Iterable[str]) -> Engine:
    """Load ours to be asked by ids alone: it finds the tenant too."""
    from chalicelib.domain.resolution import Resolution, resolve  # noqa: PLC0415 - an engine is imported where it runs

    plugins, customers, plain = _our_facts(document, tenants)

    def decide(plugin_id: str, tenant_id: str) -> Resolution:
        route, installations = plugins[plugin_id]
        return resolve(route, customers[tenant_id], installations.get(tenant_id, plain), _NOW)

    return Engine(decide, lambda plugin_id, tenant_id: (plugin_id, tenant_id), lambda answer: answer.target.version)


def _load_ours_given(document: bytes, tenants: Iterable[str]) -> Engine:
    """Load ours to be asked with the tenant itself, as LaunchDarkly and GrowthBook are with their contexts."""
    from chalicelib.domain.resolution import Resolution, resolve  # noqa: PLC0415 - as above
    from chalicelib.domain.tenants import Tenant  # noqa: PLC0415

    plugins, customers, plain = _our_facts(document, tenants)

    def decide(plugin_id: str, tenant: Tenant) -> Resolution:
        route, installations = plugins[plugin_id]
        return resolve(route, tenant, installations.get(tenant.id, plain), _NOW)

    return Engine(decide, lambda plugin, tenant: (plugin, customers[tenant]), lambda answer: answer.target.version)


def _our_facts(document: bytes, tenants: Iterable[str]) -> Any:  # noqa: ANN401 - types that are imported where they are used
    """Make routes, pinned installations and tenants, and the one installation of all who have no pin."""
    from chalicelib.domain.installations import Installation  # noqa: PLC0415 - as above
    from chalicelib.domain.pins import Pin  # noqa: PLC0415
    from chalicelib.domain.routes import Route, Target  # noqa: PLC0415
    from chalicelib.domain.tenants import Tenant  # noqa: PLC0415

    targets = {number: Target(number, f"v{number}", number[0], "aa") for number in (STABLE, CANDIDATE, PINNED)}
    customers = {tenant_id: Tenant(tenant_id, tenant_id, _NOW, _NOW) for tenant_id in tenants}
    plugins: dict[str, tuple[Route, dict[str, Installation]]] = {}
    for plugin_id, plugin in json.loads(document).items():
        split = (targets[plugin["stable"]], targets[plugin["candidate"]], plugin["bps"])
        route = Route(plugin_id, "Production", plugin["salt"], *split)
        pins = {number: Pin("Production", target, "bench", "bench", _NOW) for number, target in targets.items()}
        installations = {
            tenant_id: Installation(tenant_id, plugin_id, _NOW, _NOW, pin=pins[number])
            for tenant_id, number in plugin["pins"].items()
        }
        plugins[plugin_id] = route, installations
    return plugins, customers, Installation("any", "any", _NOW, _NOW)


def _our_document(facts: Facts) -> Any:  # noqa: ANN401 - JSON
    split = {"stable": STABLE, "candidate": CANDIDATE, "bps": int(SHARE * 10_000), "salt": "pepper"}
    return {plugin: {**split, "pins": dict.fromkeys(pinned, PINNED)} for plugin, pinned in facts.pins.items()}


def _load_eppo(document: bytes, _tenants: Iterable[str]) -> Engine:
    from eppo_client import AssignmentLogger, ClientConfig, Configuration, init  # noqa: PLC0415

    config = ClientConfig(
        api_key="bench",
        assignment_logger=AssignmentLogger(),
        poll_interval_seconds=None,
        initial_configuration=Configuration(flags_configuration=document),
    )
    client = init(config)
    return Engine(client.get_string_assignment, lambda plugin, tenant: (plugin, tenant, {}, ""))


def _eppo_document(facts: Facts) -> Any:  # noqa: ANN401 - JSON
    def flag(key: str, pinned: Sequence[str]) -> dict[str, Any]:
        is_pinned = {"attribute": "id", "operator": "ONE_OF", "value": list(pinned)}
        share = {"salt": f"{key}:pepper", "ranges": [{"start": 0, "end": int(_FLAG_SHARDS * SHARE)}]}
        ways: tuple[tuple[str, list[Any], list[Any], str], ...] = (
            ("pins", [{"conditions": [is_pinned]}], [], PINNED),
            ("rollout", [], [share], CANDIDATE),
            ("rest", [], [], STABLE),
        )
        return {
            "key": key,
            "enabled": True,
            "variationType": "STRING",
            "totalShards": _FLAG_SHARDS,
            "variations": {number: {"key": number, "value": number} for number in (STABLE, CANDIDATE, PINNED)},
            "allocations": [
                {"key": way, "doLog": False, "rules": rules, "splits": [{"variationKey": number, "shards": shards}]}
                for way, rules, shards, number in ways
            ],
        }

    flags = {plugin: flag(plugin, pinned) for plugin, pinned in facts.pins.items()}
    return {"createdAt": _NOW, "format": "SERVER", "environment": {"name": "Production"}, "flags": flags}


def _load_launchdarkly(document: bytes, tenants: Iterable[str]) -> Engine:
    from ldclient import Context, LDClient  # noqa: PLC0415
    from ldclient.config import Config  # noqa: PLC0415
    from ldclient.integrations import Files  # noqa: PLC0415

    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(document)
        file.flush()
        source = Files.new_data_source(paths=[file.name])
        config = Config("bench", update_processor_class=source, send_events=False, diagnostic_opt_out=True)
        client = LDClient(config, start_wait=60)
    assert client.is_initialized(), "LaunchDarkly did not load its file"
    contexts = {tenant: Context.create(tenant) for tenant in tenants}
    return Engine(client.variation, lambda plugin, tenant: (plugin, contexts[tenant], ""))


def _launchdarkly_document(facts: Facts) -> Any:  # noqa: ANN401 - JSON
    weights = [{"variation": 1, "weight": int(100_000 * SHARE)}, {"variation": 0, "weight": int(100_000 * (1 - SHARE))}]

    def flag(key: str, pinned: Sequence[str]) -> dict[str, Any]:
        return {
            "key": key,
            "version": 1,
            "on": True,
            "salt": "pepper",
            "variations": [STABLE, CANDIDATE, PINNED],
            "targets": [{"values": list(pinned), "variation": 2}],
            "rules": [],
            "prerequisites": [],
            "offVariation": 0,
            "fallthrough": {"rollout": {"variations": weights}},
        }

    return {"flags": {plugin: flag(plugin, pinned) for plugin, pinned in facts.pins.items()}}


def _load_growthbook(document: bytes, tenants: Iterable[str]) -> Engine:
    from growthbook import GrowthBook  # noqa: PLC0415
    from growthbook.common_types import EvaluationContext, GlobalContext, Options, StackContext, UserContext  # noqa: PLC0415
    from growthbook.core import eval_feature  # noqa: PLC0415

    features = GrowthBook(features=json.loads(document)).get_features()
    shared = GlobalContext(options=Options(), features=features)

    users = {tenant: UserContext(attributes={"id": tenant}) for tenant in tenants}

    def decide(plugin: str, user: UserContext) -> Any:  # noqa: ANN401 - a library without types
        return eval_feature(plugin, EvaluationContext(user, shared, StackContext()))

    return Engine(decide, lambda plugin, tenant: (plugin, users[tenant]), lambda answer: answer.value)


def _growthbook_document(facts: Facts) -> Any:  # noqa: ANN401 - JSON
    def feature(key: str, pinned: Sequence[str]) -> dict[str, Any]:
        pins = {"condition": {"id": {"$in": list(pinned)}}, "force": PINNED}
        share = {"force": CANDIDATE, "coverage": SHARE, "hashAttribute": "id", "seed": f"{key}:pepper"}
        return {"defaultValue": STABLE, "rules": [pins, share]}

    return {plugin: feature(plugin, pinned) for plugin, pinned in facts.pins.items()}


_DOCUMENTS: dict[str, Callable[[Facts], Any]] = {
    "ours": _our_document,
    OURS_GIVEN: _our_document,
    "Eppo": _eppo_document,
    "LaunchDarkly": _launchdarkly_document,
    "GrowthBook": _growthbook_document,
}
_LOADERS: dict[str, Callable[[bytes, Iterable[str]], Engine]] = {
    "ours": _load_ours,
    OURS_GIVEN: _load_ours_given,
    "Eppo": _load_eppo,
    "LaunchDarkly": _load_launchdarkly,
    "GrowthBook": _load_growthbook,
}
PEERS = ("Eppo", "LaunchDarkly", "GrowthBook")

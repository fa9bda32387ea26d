"""What the doctor finds: one paragraph a disagreement."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from hotswap.resources.diagnoses import Diagnosis, Examination
from hotswap.views.tables import facts

#: What each cure means to a person who waits.
_HEALS = {
    "roll back": "within a minute: the last known good serves, the books are closed",
    "start": "within a minute: it is started",
    "begin next": "within a minute: its turn is given",
    "settle route": "within a minute: the route is put on what that deployment left",
    "release lease": "within a minute: the lease is given back",
    "mend alias": "within a minute: the alias is put back on its route",
    "none": "not by itself",
}


def examination_view(found: Examination) -> RenderableType:
    """Show each disagreement, then how much was looked at."""
    parts: list[RenderableType] = []
    for each in found.diagnoses:
        parts += [_head(each), _body(each), Text()]
    for name, why in found.unknown:
        parts += [
            Text.assemble(("? ", "held"), (name, "name"), " could not be examined"),
            facts([("why", why)]),
            Text(),
        ]
    return Group(*parts, _looked_at(found))


def _head(found: Diagnosis) -> Text:
    named = f"  {found.deployment_id}" if found.deployment_id else ""
    return Text.assemble(("✗ ", "bad"), (found.plugin_id, "name"), f" in {found.environment}", (named, "quiet"))


def _body(found: Diagnosis) -> RenderableType:
    return facts(
        [
            ("what", found.what),
            ("because", found.cause),
            ("heals", _HEALS.get(found.cure, found.cure)),
            ("do", Text(found.verb, style="fix")),
        ]
    )


def _looked_at(found: Examination) -> Text:
    counted = [
        f"{count} {word}{'' if count == 1 else plural}"
        for count, word, plural in (
            (found.deployments, "live deployment", "s"),
            (found.routes, "route", "s"),
            (found.aliases, "alias", "es"),
        )
    ]
    left = f"; {found.aliases_left} aliases were not compared: --plugin does" if found.aliases_left else ""
    mark = ("✔ ", "ok") if found.is_well else ("  ", "quiet")
    verdict = " agree" if found.is_well else " examined"
    return Text.assemble(mark, f"{', '.join(counted[:-1])} and {counted[-1]}{verdict}{left}.")

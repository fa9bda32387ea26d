"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass, field

from hotswap.resources.reading import Document, number_of, text_of
from hotswap.transport import Transport


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One disagreement, its cause, what heals it by itself, and what a person may safely do."""

    plugin_id: str
    environment: str
    deployment_id: str
    what: str
    cause: str
    cure: str
    verb: str

    @classmethod
    def of(cls, document: Document) -> Diagnosis:
        """Read a diagnosis."""
        return cls(
            plugin_id=text_of(document, "pluginId"),
            environment=text_of(document, "environment"),
            deployment_id=text_of(document, "deploymentId"),
            what=text_of(document, "what"),
            cause=text_of(document, "cause"),
            cure=text_of(document, "cure"),
            verb=text_of(document, "verb"),
        )


@dataclass(frozen=True, slots=True)
class Examination:
    """All disagreements, and how much was looked at."""

    is_well: bool
    deployments: int
    routes: int
    aliases: int
    aliases_left: int
    diagnoses: tuple[Diagnosis, ...]
    unknown: tuple[tuple[str, str], ...]
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Examination:
        """Read an examination."""
        return cls(
            is_well=document.get("isWell") is True,
            deployments=int(number_of(document, "deployments") or 0),
            routes=int(number_of(document, "routes") or 0),
            aliases=int(number_of(document, "aliases") or 0),
            aliases_left=int(number_of(document, "aliasesLeft") or 0),
            diagnoses=tuple(Diagnosis.of(each) for each in document.get("diagnoses") or ()),
            unknown=tuple((text_of(each, "name"), text_of(each, "why")) for each in document.get("unknown") or ()),
            raw=document,
        )


class Doctor:
    """Requests that ask whether everything agrees."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def examine(self, *, plugin_id: str | None = None) -> Examination:
        """Examine everything, or one plugin."""
        return Examination.of(self._transport.request("GET", "/doctor", query={"pluginId": plugin_id}).document)

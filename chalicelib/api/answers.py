"""Answers: what a handler returns; its type says status and resource, so the OpenAPI document can't disagree."""

from __future__ import annotations

import posixpath
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, get_args, get_origin
from urllib.parse import quote

from pydantic import BaseModel

from chalicelib.api.replies import Reply

ResourceT = TypeVar("ResourceT", bound=BaseModel)

#: Where the paths of this version of the API begin.
VERSION_PREFIX = "/v1"


class Answer(Generic[ResourceT]):
    """
    A resource, and what its headers say of it: *revision* becomes the ETag, *location* is a path under ``/v1``.

    These are no dataclasses: each start of the API function makes them, and a dataclass costs it a millisecond.
    """

    __slots__ = ("location", "resource", "revision")

    status: ClassVar[int] = 200

    def __init__(self, resource: ResourceT, location: str | None = None, revision: int | None = None) -> None:
        self.resource = resource
        self.location = location
        self.revision = revision

    def reply(self, path: str, *, is_preview: bool) -> Reply:
        """
        Write it as the answer to a request for *path*.

        A preview is always a 200 and located nowhere. The Location is relative to *path*, since the
        gateway's own prefix in front of it is not told reliably.
        """
        headers = {"Content-Type": "application/json"}
        if self.revision is not None:
            headers["ETag"] = f'"{self.revision}"'
        if self.location is not None and not is_preview:
            folder, name = posixpath.split(VERSION_PREFIX + self.location)
            headers["Location"] = posixpath.join(posixpath.relpath(folder, posixpath.dirname(path)), quote(name))
        return Reply(200 if is_preview else self.status, headers, self.resource.model_dump_json(by_alias=True))


class Ok(Answer[ResourceT]):
    """200: here it is, or: it is done."""

    __slots__ = ()


class Created(Answer[ResourceT]):
    """201: it exists now, at *location*."""

    __slots__ = ()

    status: ClassVar[int] = 201


class Accepted(Answer[ResourceT]):
    """202: it has begun; look at *location* how it goes."""

    __slots__ = ()

    status: ClassVar[int] = 202


class Html(NamedTuple):
    """200: a page for people; only a script that carries *nonce* runs, and speaks to nobody but this API."""

    text: str
    nonce: str = ""

    def reply(self, _path: str, *, is_preview: bool) -> Reply:  # noqa: ARG002 (the same call as of any answer)
        """Write it so that a browser loads and runs nothing else."""
        policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
        if self.nonce:
            policy += f"; script-src 'nonce-{self.nonce}'; connect-src 'self'; frame-ancestors 'none'"
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
        return Reply(200, headers, self.text)


class JsonText(NamedTuple):
    """200: a document that is JSON text already."""

    text: str

    def reply(self, _path: str, *, is_preview: bool) -> Reply:  # noqa: ARG002 (the same call as of any answer)
        """Write it as it is."""
        return Reply(200, {"Content-Type": "application/json"}, self.text)


class Lines(NamedTuple):
    """200: a part of a file, to be appended to the part before; *next_cursor* asks for the one after it."""

    text: str
    media_type: str
    next_cursor: str | None = None

    def reply(self, _path: str, *, is_preview: bool) -> Reply:  # noqa: ARG002 (the same call as of any answer)
        """Write it as it is; the cursor stands in a header, since a file has no place for it."""
        headers = {"Content-Type": self.media_type}
        if self.next_cursor is not None:
            headers["X-Next-Cursor"] = self.next_cursor
        return Reply(200, headers, self.text)


def answer_type(annotation: object) -> tuple[int, type[BaseModel] | None]:
    """Read status and resource from a handler's return annotation, such as ``Created[PluginResource]``."""
    origin: Any = get_origin(annotation) or annotation
    arguments = get_args(annotation)
    status = origin.status if issubclass(origin, Answer) else 200
    return status, arguments[0] if arguments else None

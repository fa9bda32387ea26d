"""Publishing, told on the stage instead of in stages of its own."""

from __future__ import annotations

from contextlib import ExitStack

from hotswap.demo.stage import Scene, Stage, Words

#: What each stage asks for, in the words of the audience.
_WORDS = {
    "plugin": Words(asked={"GET": "is it registered?", "POST": "register it"}),
    "version": Words(asked={"POST": "announce it, with its checksum", "GET": "with which bytes?"}),
    "upload": Words(asked={"PUT": "the package itself, straight to the bucket"}),
    "intake": Words(
        asked={"POST": "begin the intake", "GET": "until it is settled"},
        answered={"POST": "checksum, contents, manifest and entry point are checked"},
    ),
}


class StagedProgress:
    """Turns each stage of publishing into a scene."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._open: ExitStack | None = None
        self._scene: Scene | None = None

    def begin(self, stage: str, text: str = "") -> None:
        """Open a scene."""
        self._open = ExitStack()
        self._scene = self._open.enter_context(self._stage.scene(_WORDS.get(stage, text)))

    def update(self, text: str) -> None:
        """Say nothing: the scene's spinner turns."""

    def end(self, text: str) -> None:
        """Tell what came of it, and close the scene."""
        if self._scene is not None:
            self._scene.tell(text)
        self._close()

    def fail(self, text: str) -> None:
        """Tell what went wrong, and close the scene."""
        self.end(f"[bad]{text}[/]")

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None
        self._scene = None

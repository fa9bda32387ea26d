"""Work that is put aside, done when the test says so."""

from chalicelib.ports.aside import Work


class FakeAside:
    """Keeps what is put aside."""

    def __init__(self) -> None:
        self.work: list[Work] = []

    def __call__(self, work: Work) -> None:
        self.work.append(work)

    def catch_up(self) -> None:
        """Do all of it; what fails raises here."""
        while self.work:
            self.work.pop(0)()

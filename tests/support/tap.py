"""Where a body's bytes come from, as its buffer sees it."""


class Tap:
    """Notes when it is told to stop and go on."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")

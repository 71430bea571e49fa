"""Time in a video: seconds since its first picture, never running back."""

JOIN = 0.25
"""Seconds by which a clock that runs back has begun anew: another recording was joined on. Less
is disorder, as some cameras write it."""

_NEXT = 0.001  # seconds after its predecessor at which a picture without a later time is shown

_DECIMALS = 6  # of a second: late clocks leave differences such as 0.5999999999999943


class Clock:
    """Turns the time stamps of one stream, in their order, into seconds since the first picture.

    Chunks of a recording begin where the one before ended, and recordings that were joined begin
    anew in the middle: what comes next then follows on what came before.

    Attributes:
        joins: when the clock began anew, in seconds.
    """

    def __init__(self, begin: float, step: float) -> None:
        """``begin``: stamp of the first picture; ``step``: usual distance of stamps (seconds)."""
        self._begin, self._step = begin, step
        self._last = float("-inf")
        self._shift = -begin
        self.joins: list[float] = []

    def seconds(self, stamp: float | None) -> float:
        """When what is stamped ``stamp`` is shown; later than everything before it."""
        following = self._last + self._step if self._last > float("-inf") else 0.0
        if stamp is None:
            self._last = following
        elif stamp + self._shift < self._last - JOIN:
            self._shift = following - stamp
            self.joins.append(following)
            self._last = following
        else:
            self._last = max(stamp + self._shift, self._last + _NEXT)
        self._last = round(self._last, _DECIMALS)
        return self._last

"""Time in a video: seconds since its first picture, never running back."""

JOIN = 0.25
"""Seconds by which a clock that runs back has begun anew: another recording was joined on. Less
is disorder, as some cameras write it."""

GAP = 6 * 3600.0
"""Seconds by which a clock that jumps ahead has begun anew as well, such as one that was set after
the first picture. MP4 could not hold a picture that is shown for seven hours."""

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
        self._last: float | None = None
        self._shift = -begin
        self.joins: list[float] = []

    def seconds(self, stamp: float | None) -> float:
        """When what is stamped ``stamp`` is shown; later than everything before it."""
        last = self._last
        following = 0.0 if last is None else last + self._step
        now = following if stamp is None else stamp + self._shift
        if last is not None and stamp is not None and not -JOIN <= now - last <= GAP:
            self._shift, now = following - stamp, following
            self.joins.append(following)
        self._last = round(now if last is None else max(now, last + _NEXT), _DECIMALS)
        return self._last

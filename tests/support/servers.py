"""What tests need that start a server of their own."""

import socket
import time
from urllib.request import urlopen


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, seconds: float) -> None:
    """Until ``address`` answers; an error after so many ``seconds``."""
    end = time.monotonic() + seconds
    while True:
        try:
            return urlopen(address, timeout=5).close()
        except OSError:
            assert time.monotonic() < end, f"{address} did not answer within {seconds:g} s"
            time.sleep(0.1)

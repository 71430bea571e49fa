"""A small clip, which the tests of video files share."""

from tests.support.videos import clip

__all__ = ["clip"]

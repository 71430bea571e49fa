"""Ten times the sources take no more memory: an archive may be of any length."""

import pytest

from benchmarks.archive import run_watched, write_photos


@pytest.mark.slow
def test_ten_times_the_photos_take_no_more_memory(tmp_path):
    taken = []
    for count in (100, 1000):
        write_photos(tmp_path / str(count), count, (160, 120))
        out = tmp_path / f"out {count}"
        taken.append(run_watched(tmp_path / str(count), out, "haar", 1)[1])
    few, many = taken
    assert few > 50 and many < 1.1 * few + 10

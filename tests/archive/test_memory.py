"""Ten times the sources take no more memory: an archive may be of any length."""

import pytest

from benchmarks.archive import run_watched, write_photos


@pytest.mark.slow
def test_ten_times_the_photos_take_no_more_memory(tmp_path):
    taken = []
    for count in (200, 2000):
        write_photos(tmp_path / str(count), count, (160, 120))
        out = tmp_path / f"out {count}"
        taken.append(run_watched(tmp_path / str(count), out, "haar", 1)[1])
    few, many = taken
    # Libraries count by the share of those who have them open, which may be other tests meanwhile:
    # up to 50 MB. To keep each photo, decoded, would take 104 MB more.
    assert few > 50 and many < 1.05 * few + 50

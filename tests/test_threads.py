import os
import subprocess
import sys

import pytest

from brine.threads import prefer_wide_blas, thread_count

WIDE = "fpu avx2 avx512f avx512cd avx512bw avx512dq avx512vl"


@pytest.mark.parametrize(
    ("vendor", "flags", "wide"),
    [
        ("AuthenticAMD", WIDE, True),
        ("AuthenticAMD", "fpu avx2", False),
        ("GenuineIntel", WIDE, False),
    ],
)
def test_openblas_is_widened_only_where_it_is_too_narrow(
    tmp_path, monkeypatch, vendor, flags, wide
):
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    one = f"processor\t: 0\nvendor_id\t: {vendor}\nflags\t\t: {flags}\n"
    (tmp_path / "cpuinfo").write_text(f"{one}\n{one}")
    prefer_wide_blas(tmp_path / "cpuinfo")
    assert os.environ.pop("OPENBLAS_CORETYPE", None) == ("SkylakeX" if wide else None)
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    prefer_wide_blas(tmp_path / "cpuinfo")
    prefer_wide_blas(tmp_path / "nothing")
    assert os.environ["OPENBLAS_CORETYPE"] == "Haswell"


def test_the_command_line_starts_without_numpy():
    """OpenBLAS chooses its kernels when numpy is imported."""
    code = "import brine.cli, sys; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_threads_are_those_asked_for(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert thread_count() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "0")
    assert thread_count() >= 1


@pytest.mark.parametrize(
    ("given", "spins"), [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7")]
)
def test_waiting_threads_soon_leave_their_core_to_others(given, spins):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    }
    done = subprocess.run(
        [sys.executable, "-c", "from brine.native import _native"],
        env=environment | given | {"OMP_DISPLAY_ENV": "verbose"},
        capture_output=True,
        text=True,
        check=True,
    )
    if "GOMP_SPINCOUNT" not in done.stderr:
        pytest.skip("not GNU's OpenMP")
    assert f"GOMP_SPINCOUNT = '{spins}'" in done.stderr

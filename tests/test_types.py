"""The mathematics is annotated, and a type checker finds nothing to object to in strict mode."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def test_bounds_confidence_noise_and_smoothing_pass_strictly():
    command = [sys.executable, "-m", "mypy"]  # pyproject.toml says what, and how strictly
    ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=280)
    assert (ran.returncode, ran.stdout.splitlines()[-1].split(":")[0]) == (0, "Success"), ran.stdout


def test_nothing_is_silenced_in_bulk():
    for room in ("bounds", "confidence", "noise", "smoothing"):
        for path in (CHECKOUT / "rsviz" / room).glob("*.py"):
            for line in path.read_text("utf-8").splitlines():
                assert "type: ignore" not in line or "type: ignore[" in line, f"{path.name}: {line.strip()}"

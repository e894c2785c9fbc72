"""./run lock [--upgrade]: compile requirements/*.in into hashed lists for every platform, without addresses."""

import argparse
import subprocess
import sys
from pathlib import Path

from collections_platform.runner.surroundings import TOP

LISTS = ("uv", "node", "base", "dev")  # dev holds to what base chose
PYTHON_MIN = "3.11"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./run lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest releases, not the ones locked now")
    arguments = parser.parse_args(argv)
    folder = TOP / "requirements"
    for name in LISTS:
        command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "--quiet", "--universal"]
        command += ["--generate-hashes", "--no-header", "--python-version", PYTHON_MIN]
        command += ["--upgrade"] * arguments.upgrade
        if name == "dev":
            command += ["--constraints", "base.txt"]
        done = subprocess.run([*command, f"{name}.in", "--output-file", f"{name}.txt"], cwd=folder, check=False)
        if done.returncode:
            return done.returncode
        sys.stdout.write(f"requirements/{name}.txt\n")
    return 0

#!/usr/bin/env python3
"""Runs clang-tidy over sources, several of a folder at once.

  check_tidy.py CLANG-TIDY BUILD-FOLDER JOBS SOURCE...

Most of clang-tidy's time goes into the headers of others, again for each source. So a few sources of one
folder become one translation unit. Where the compiler complains, as their names may collide, each half is
looked at by itself, and in the end each source.
Exits with 1 if there are findings.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TOGETHER = 8


def batches(sources):
    by_folder = {}
    for source in sources:
        by_folder.setdefault(os.path.dirname(source), []).append(source)
    for several in by_folder.values():
        for start in range(0, len(several), TOGETHER):
            yield several[start : start + TOGETHER]


def tidied(tool, database, source):
    """Its exit code, and what it says."""
    done = subprocess.run(
        [tool, "-quiet", "-config-file=.clang-tidy", "-p", database, source],
        capture_output=True,
        text=True,
        check=False,
    )
    # Besides findings it counts warnings, on stderr; without findings that may say why it failed.
    return done.returncode, done.stdout or (done.stderr if done.returncode else "")


def main():
    os.chdir(pathlib.Path(__file__).parents[2])
    tool, build, jobs, *sources = sys.argv[1:]
    commands = {entry["file"]: entry for entry in json.loads(pathlib.Path(build, "compile_commands.json").read_text())}

    def look(together):
        if len(together) == 1:
            return [tidied(tool, build, together[0])]
        with tempfile.TemporaryDirectory() as folder:
            unit = os.path.join(folder, "unit.cpp")
            pathlib.Path(unit).write_text("".join(f'#include "{os.path.abspath(one)}"\n' for one in together))
            entry = commands[os.path.abspath(together[0])]
            command = entry["command"].split(" -o ")[0] + f" -c {unit}"
            database = [{"directory": entry["directory"], "file": unit, "command": command}]
            pathlib.Path(folder, "compile_commands.json").write_text(json.dumps(database))
            answer = tidied(tool, folder, unit)
        if "[clang-diagnostic-" not in answer[1]:
            return [answer]
        half = len(together) // 2
        return look(together[:half]) + look(together[half:])

    with concurrent.futures.ThreadPoolExecutor(int(jobs)) as pool:
        answers = [answer for several in pool.map(look, batches(sources)) for answer in several]
    for _, said in answers:
        if said:
            print(said, end="")
    return 1 if any(code for code, _ in answers) else 0


if __name__ == "__main__":
    sys.exit(main())

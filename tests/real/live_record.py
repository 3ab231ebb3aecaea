#!/usr/bin/env python3
"""Runs every scenario of the library in real time and tells what came of each.

  live_record.py PROGRAM [--record FILE --date D] [SCENARIO...]

A scenario that a live run cannot do, or whose server is not installed, is listed with the sentence that
`locklab live` gives. Exits with 1 if one differs from its simulation.
"""

import argparse
import json
import subprocess
import sys

AGREES, DIFFERS, CANNOT, UNDECIDED = 0, 1, 2, 3


def names(program):
    listed = subprocess.run([program, "list", "scenarios", "--json"], capture_output=True, text=True, check=True)
    return [scenario["name"] for scenario in json.loads(listed.stdout)]


def live_once(program, name, longest, *more):
    """None: it takes too long."""
    try:
        return subprocess.run(
            [program, "live", name, "--json", "--tries", "1", *more],
            capture_output=True,
            text=True,
            check=False,
            timeout=longest,
        )
    except subprocess.TimeoutExpired:
        return None


def live(program, name, tries, longest):
    for _ in range(tries):
        done = live_once(program, name, longest)
        if done is None:
            return CANNOT, f"it takes longer than {longest} s"
        if done.returncode != UNDECIDED or not done.stdout:
            break
    if done.stdout:
        result = json.loads(done.stdout)
        if done.returncode == AGREES:
            return AGREES, result
        # Where tries are counted, or something strikes within a round trip, distances matter.
        for _ in range(tries):
            again = live_once(program, name, longest, "--distances")
            if again and again.returncode == AGREES:
                return AGREES, {**json.loads(again.stdout), "distances": True}
        return done.returncode, result
    sentence = done.stderr.strip().removeprefix("locklab: ")
    for start in (f"{name} cannot be run live: ", f"{name} was not run live: "):
        sentence = sentence.removeprefix(start)
    return done.returncode, sentence


def violated(outcome):
    return ", ".join(f"`{name}`" for name in outcome["violated"]) or "nothing"


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def grouped(cannot):
    """Sentences that differ in their names only are one reason."""
    by_reason = {}
    for name, why in cannot:
        by_reason.setdefault(why, []).append(name)
    return sorted(by_reason.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def markdown(ran, cannot, date, redis):
    agree = [run for run in ran if run[1] == AGREES]
    lines = [
        "# The scenarios on real servers",
        "",
        f"Each of the library's {len(ran) + len(cannot)} scenarios on {date}, with {redis}: {len(agree)} agree with their",
        f"simulation, {len(ran) - len(agree)} do not, {len(cannot)} cannot be run live. [Live runs](live.md) says what is",
        "real and when two runs agree. Made by `./dev test --live --record docs/live_record.md --date " + date + "`.",
        "",
        "| scenario | violated in the simulation | violated live | grants | writes | agrees | latest |",
        "| --- | --- | --- | ---: | ---: | --- | ---: |",
    ]
    for name, code, result in ran:
        real = result["live"]
        word = ("with `--distances`" if result.get("distances") else "yes") if code == AGREES else "undecided" if code == UNDECIDED else "**no**: " + cell("; ".join(result["differences"]))
        lines.append(
            f"| {name} | {violated(result['simulated'])} | {violated(real)} | {len(real['grants'])} | "
            f"{len(real['writes'])} | {word} | {result['latest_ns'] / 1e6:.1f} ms |"
        )
    lines += ["", "*Latest*: the step of a client or the answer of a server that came latest.", "", "## What cannot be run live", ""]
    for why, scenarios in grouped(cannot):
        lines.append(f"- {why}: {', '.join(scenarios)}")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("scenarios", nargs="*")
    parser.add_argument("--record", help="the file to write")
    parser.add_argument("--date", default="an unnamed day")
    parser.add_argument("--tries", type=int, default=5)
    parser.add_argument("--longest", type=int, default=90, help="seconds; what takes longer is not run")
    chosen = parser.parse_intermixed_args()
    version = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=False).stdout
    redis = "Redis " + next((word[2:] for word in version.split() if word.startswith("v=")), "of an unknown version")

    ran, cannot = [], []
    for name in chosen.scenarios or names(chosen.program):
        code, result = live(chosen.program, name, chosen.tries, chosen.longest)
        if isinstance(result, str):
            cannot.append((name, result))
            continue
        ran.append((name, code, result))
        print(f"{name}: {result['verdict']}", *result["differences"], sep="\n  ", flush=True)
    count = [sum(code == wanted for _, code, _ in ran) for wanted in (AGREES, DIFFERS, UNDECIDED)]
    print(f"{count[0]} agree, {count[1]} differ, {count[2]} undecided, {len(cannot)} cannot be run live")
    if chosen.record:
        with open(chosen.record, "w", encoding="utf-8") as file:
            file.write(markdown(ran, cannot, chosen.date, redis))
    return 1 if count[1] else 0


if __name__ == "__main__":
    sys.exit(main())

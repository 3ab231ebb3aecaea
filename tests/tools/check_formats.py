#!/usr/bin/env python3
"""Gives each exchange format to a program that reads it, also with names made to break it.

    check_formats.py PROGRAM [--counts FILE]

Runs two scenarios, and draws a recording whose every name is hostile, in each format of
`locklab list formats`. What has no reader here is called SKIPPED by name. `--counts` writes
"passed failed skipped". Mermaid's parser is looked for in the folder that LOCKLAB_NODE_MODULES
names: npm install --prefix DIR mermaid, LOCKLAB_NODE_MODULES=DIR/node_modules.
"""
import collections
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SCENARIOS = ["doc-3-jump", "doc-4"]
HOSTILE = "\"'`-->]]>;<b>&amp;%%{init:{}}%%\n@enduml\n!include x\r%date()\\N\\*/ #|a|\u202e\x1b[2J end"


class Skipped(Exception):
    pass


def need(command):
    if shutil.which(command) is None:
        raise Skipped(f"no {command} found")


def fed(command, text):
    """The output of a program that is to accept the text."""
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=60)
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, f"{command[0]}: {said[-400:]}"
    return said


# --- Readers ---------------------------------------------------------------------------------------


def read_lines(text):
    assert text.strip() and text.endswith("\n")
    for c in text:
        assert c == "\n" or c.isprintable(), f"{c!r} in a text for people"


def read_json_lines(text):
    rows = [json.loads(line) for line in text.splitlines()]
    assert rows[0]["schema"] == "locklab-trace/1" and rows[-1]["digest"]


def read_csv(text):
    rows = list(csv.reader(io.StringIO(text), strict=True))
    assert len(rows) > 1, "no rows"
    for row in rows:
        assert len(row) == len(rows[0]), f"{len(row)} cells under {len(rows[0])} titles"
    for title, cell in zip(rows[0], rows[1]):
        if title.endswith("_ns") and cell:
            int(cell)


def read_dot(text):
    need("dot")
    assert "<svg" in fed(["dot", "-Tsvg"], text)


def read_graphml(text):
    need("xmllint")
    fed(["xmllint", "--noout", "-"], text)
    import_networkx = (
        "import sys, networkx as nx\n"
        "g = nx.parse_graphml(sys.stdin.read())\n"
        "assert nx.is_directed_acyclic_graph(g) and len(g) > 10\n"
    )
    for python in ("/usr/bin/python3", sys.executable):
        if os.path.exists(python):
            if subprocess.run([python, "-c", "import networkx"], capture_output=True).returncode == 0:
                fed([python, "-c", import_networkx], text)
                return
    raise Skipped("xmllint accepts it; no python3-networkx found")


def read_svg(text):
    need("xmllint")
    fed(["xmllint", "--noout", "-"], text)


def read_html(text):
    need("xmllint")
    fed(["xmllint", "--html", "--noout", "-"], text)


MERMAID = """
import fs from 'fs';
import { pathToFileURL } from 'url';
const path = process.argv[2] + '/mermaid/dist/mermaid.core.mjs';
const { default: mermaid } = await import(pathToFileURL(path));
const { diagramType } = await mermaid.parse(fs.readFileSync(0, 'utf8'));
if (diagramType !== 'sequence') throw new Error(diagramType);
"""


def read_mermaid(text):
    need("node")
    modules = os.environ.get("LOCKLAB_NODE_MODULES", "")
    if not os.path.isdir(os.path.join(modules, "mermaid")):
        raise Skipped("no mermaid in LOCKLAB_NODE_MODULES")
    with tempfile.NamedTemporaryFile("w", suffix=".mjs") as script:
        script.write(MERMAID)
        script.flush()
        fed(["node", script.name, modules], text)


def read_plantuml(text):
    need("plantuml")
    said = fed(["plantuml", "-Djava.awt.headless=true", "-syntax"], text)
    assert said.split("\n")[0] == "TIMING_DIAGRAM" or "TIMING" in said.split("\n")[0], said[:200]


def read_chrome(text):
    trace = json.loads(text)
    open_slices = collections.Counter()
    flows = collections.defaultdict(list)
    named = set()
    for event in trace["traceEvents"]:
        assert {"ph", "name", "pid", "tid", "ts"} <= event.keys(), event
        assert isinstance(event["ts"], (int, float)) and isinstance(event["name"], str)
        phase = event["ph"]
        if phase == "M" and event["name"] == "process_name":
            named.add(event["pid"])
        elif phase in "be":
            key = (event["cat"], event["id"], event["pid"], event["name"])
            open_slices[key] += 1 if phase == "b" else -1
        elif phase in "sf":
            flows[event["id"]].append(phase)
        elif phase == "C":
            assert all(isinstance(n, int) for n in event["args"].values()), event
        elif phase == "X":
            assert event["dur"] > 0
        else:
            assert phase in "Mi", phase
        assert phase == "M" or event["pid"] in named, event
    assert not any(open_slices.values()), "a slice is not closed"
    for phases in flows.values():
        assert phases[0] == "s" and phases.count("f") <= 1, phases


def read_shiviz(text):
    parser, empty, log = text.split("\n", 2)
    assert empty == ""
    pattern = re.compile(parser.replace("(?<", "(?P<"))
    found = list(pattern.finditer(log))
    assert len(found) * 2 == log.count("\n"), "the expression does not parse every event"
    last = {}
    for match in found:
        host, clock = match["host"], json.loads(match["clock"])
        assert clock[host] == last.get(host, {}).get(host, 0) + 1, match[0]
        for other, count in last.get(host, {}).items():
            assert clock[other] >= count, match[0]
        for other, count in clock.items():
            assert other == host or count <= last[other][other], match[0]
        last[host] = clock


EDN = re.compile(r'\s*(?:([{}\[\]])|"((?:[^"\\]|\\.)*)"|(:[A-Za-z0-9-]+)|(-?\d+)|(nil)|(\#uuid)|(,))')


def edn_values(text):
    """Reads maps, vectors, strings, keywords, integers, nil and #uuid."""
    at = 0
    stack = [[]]
    while text[at:].strip():
        token = EDN.match(text, at)
        assert token, text[at : at + 60]
        at = token.end()
        bracket, string, keyword, number, nil, _, _ = token.groups()
        if bracket and bracket in "{[":
            stack.append([])
        elif bracket:
            items = stack.pop()
            stack[-1].append(dict(zip(items[::2], items[1::2])) if bracket == "}" else items)
        elif string is not None:
            stack[-1].append(re.sub(r"\\(.)", r"\1", string))
        elif keyword:
            stack[-1].append(keyword)
        elif number:
            stack[-1].append(int(number))
        elif nil:
            stack[-1].append(None)
    assert len(stack) == 1
    return stack[0]


def read_edn(text):
    busy = {}
    for index, entry in enumerate(edn_values(text)):
        assert entry[":index"] == index and entry[":time"] >= 0
        process = entry[":process"]
        if entry[":type"] == ":invoke":
            assert process not in busy, "a process does two things at a time"
            busy[process] = entry[":f"]
        else:
            assert entry[":type"] in (":ok", ":fail", ":info")
            assert busy[process] == entry[":f"]
            if entry[":type"] != ":info":
                del busy[process]


def is_mutex(operations):
    """Can these be put in an order of their times in which each acquire finds the lock free?"""

    def search(done, holder, left):
        if not left:
            return True
        if (done, holder) in seen:
            return False
        seen.add((done, holder))
        soonest = min(op["Return"] for op in left)
        for op in left:
            if op["Call"] > soonest:
                continue
            acquires = op["Input"]["op"] == "acquire"
            owner = op["Input"]["client"]
            if acquires and holder is None or not acquires and holder == owner:
                rest = [other for other in left if other is not op]
                if search(done | {id(op)}, owner if acquires else None, rest):
                    return True
        return False

    seen = set()
    certain = [op for op in operations if op["Input"]["op"] in ("acquire", "release") and op["Output"]["ok"]]
    return search(frozenset(), None, certain)


def read_porcupine(text):
    history = json.loads(text)
    assert history["schema"] == "locklab-history/1"
    for operation in history["operations"]:
        assert operation.keys() == {"ClientId", "Call", "Return", "Input", "Output"}
        assert operation["Call"] <= operation["Return"]
    if history["scenario"] == "doc-1":
        assert is_mutex(history["operations"]), "doc-1 is a mutex"
    if history["scenario"] == "doc-3-jump":
        assert not is_mutex(history["operations"]), "doc-3-jump is no mutex"


def read_otlp(text):
    spans = {}
    for resource in json.loads(text)["resourceSpans"]:
        keys = [one["key"] for one in resource["resource"]["attributes"]]
        assert "service.name" in keys
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                assert re.fullmatch("[0-9a-f]{32}", span["traceId"]) and int(span["traceId"], 16)
                assert re.fullmatch("[0-9a-f]{16}", span["spanId"]) and int(span["spanId"], 16)
                assert span["kind"] in (1, 2, 3) and span["name"]
                assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
                assert span["spanId"] not in spans
                spans[span["spanId"]] = span
    for span in spans.values():
        if span["parentSpanId"]:
            assert spans[span["parentSpanId"]]["traceId"] == span["traceId"]


READERS = {
    "text": read_lines, "markdown": read_lines, "html": read_html, "svg": read_svg,
    "json": read_json_lines, "csv-events": read_csv, "csv-messages": read_csv,
    "csv-beliefs": read_csv, "dot": read_dot, "graphml": read_graphml, "mermaid": read_mermaid,
    "plantuml": read_plantuml, "chrome": read_chrome, "shiviz": read_shiviz, "edn": read_edn,
    "porcupine": read_porcupine, "otlp": read_otlp,
}  # fmt: skip


# --- What they read --------------------------------------------------------------------------------


def hostile(recording):
    """The same recording with every name of its own made hostile; the digest knows no names."""
    lines = [json.loads(line) for line in recording.splitlines()]
    names = {process["name"]: HOSTILE + process["name"] for process in lines[0]["processes"]}
    names.update({name: HOSTILE + name for name in lines[0]["names"] if name})

    def renamed(value):
        if isinstance(value, list):
            return [renamed(item) for item in value]
        return names.get(value, value) if isinstance(value, str) else value

    for number, line in enumerate(lines):
        for key in line:
            if key not in ("event", "why", "outcome", "change", "what", "role", "state", "schema", "act"):
                line[key] = renamed(line[key])
        if number == 0:
            line["title"] = line["scenario"] = HOSTILE
            line["faults"] = [HOSTILE + fault for fault in line["faults"]]
            for process in line["processes"]:
                process["name"] = names[process["name"]]
                process["machine"] = HOSTILE
    return "".join(json.dumps(line) + "\n" for line in lines)


def main():
    program = sys.argv[1]
    results = collections.Counter()

    def run(*words, text=""):
        done = subprocess.run([program, *words], input=text.encode(), capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode(errors="replace")[-400:]
        return done.stdout.decode()

    evil = hostile(run("run", "doc-4", "--format", "json"))
    for row in json.loads(run("list", "formats", "--json")):
        name = row["name"]
        try:
            assert name in READERS, "this script knows no reader for it"
            for scenario in SCENARIOS + ["doc-1"] * (name == "porcupine"):
                READERS[name](run("run", scenario, "--format", name))
            READERS[name](run("report", "-", "--format", name, text=evil))
            print(f"ok       {name}")
            results["passed"] += 1
        except Skipped as reason:
            print(f"SKIPPED  {name}: {reason}")
            results["skipped"] += 1
        except (AssertionError, ValueError, KeyError, subprocess.TimeoutExpired) as why:
            print(f"FAILED   {name}: {type(why).__name__}: {why}")
            results["failed"] += 1
    if "--counts" in sys.argv:
        with open(sys.argv[sys.argv.index("--counts") + 1], "w") as counts:
            counts.write(f"{results['passed']} {results['failed']} {results['skipped']}\n")
    sys.exit(1 if results["failed"] else 0)


if __name__ == "__main__":
    main()

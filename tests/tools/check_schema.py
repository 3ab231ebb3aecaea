#!/usr/bin/env python3
"""Validates scenarios with an independent validator against scenarios/schema.json.

Every built-in scenario and the starter must be valid. Of the bad files in tests/scenarios/bad,
those named syntax-* must be no JSON, those named form-* must be refused by the schema, and those
named meaning-* must pass it: what is wrong with them no schema can say.

Exit code 77: python3-jsonschema is missing, nothing was checked.
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEEPEST = 200  # as the reader


def without_comments(text):
    """Replaces // and /* */ outside of texts with blanks."""
    out = []
    at = 0
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while end < len(text) and text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            out.append(text[at : end + 1])
            at = end + 1
        elif text.startswith("//", at):
            while at < len(text) and text[at] not in "\r\n":
                at += 1
        elif text.startswith("/*", at):
            end = text.find("*/", at + 2)
            if end < 0:
                raise ValueError("a comment without an end")
            out.append(" ")
            at = end + 2
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def unique_members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key appears twice")
    return members


def finite(text):
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


def no_constant(text):
    raise ValueError(text + " is no JSON")


def check_depth(value, depth=1):
    if depth > DEEPEST and isinstance(value, (dict, list)):
        raise ValueError("nested too deep")
    if isinstance(value, dict):
        value = value.values()
    if not isinstance(value, (str, int, float, bool, type(None))):
        for item in value:
            check_depth(item, depth + 1)


def read(path):
    text = path.read_bytes().decode("utf-8-sig")
    document = json.loads(
        without_comments(text),
        object_pairs_hook=unique_members,
        parse_float=finite,
        parse_constant=no_constant,
    )
    check_depth(document)
    return document


def main():
    try:
        import jsonschema
    except ImportError:
        print("SKIPPED: python3-jsonschema is missing, no scenario was validated", file=sys.stderr)
        return 77

    schema = read(ROOT / "scenarios" / "schema.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong = []

    def first_error(document):
        return jsonschema.exceptions.best_match(validator.iter_errors(document))

    good = sorted((ROOT / "scenarios" / "library").rglob("*.json"))
    good.append(ROOT / "scenarios" / "starter.json")
    for path in good:
        error = first_error(read(path))
        if error is not None:
            wrong.append(f"{path}: {error.json_path}: {error.message}")

    bad = sorted((ROOT / "tests" / "scenarios" / "bad").glob("*.json"))
    for path in bad:
        group = path.name.split("-")[0]
        try:
            document = read(path)
        except (ValueError, UnicodeError) as error:
            if group != "syntax":
                wrong.append(f"{path}: is no JSON ({error}), so it should be named syntax-*")
            continue
        error = first_error(document)
        if group == "form" and error is None:
            wrong.append(f"{path}: the schema has nothing against it")
        elif group == "meaning" and error is not None:
            wrong.append(f"{path}: the schema refuses it: {error.json_path}: {error.message}")
        elif group not in ("form", "meaning"):
            wrong.append(f"{path}: is JSON, so it should be named form-* or meaning-*")

    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{len(good)} scenarios and {len(bad)} bad files checked, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

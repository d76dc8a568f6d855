"""Reads lines of JSON, {"schema": …, "data": hexadecimal}, and answers each
with what fastavro reads and then writes: {"value": …, "data": …}."""

import io
import json
import sys

import fastavro


def plain(value):
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


for line in sys.stdin:
    case = json.loads(line)
    schema = fastavro.parse_schema(case["schema"])
    given = io.BytesIO(bytes.fromhex(case["data"]))
    value = fastavro.schemaless_reader(given, schema, None)
    assert not given.read(), "bytes are left"
    again = io.BytesIO()
    fastavro.schemaless_writer(again, schema, value)
    print(json.dumps({"value": json.dumps(value, default=plain), "data": again.getvalue().hex()}))

"""Runs a function on every record that pipeline's exec handler gives this program.

The function gets a record as a dictionary: value, and key, headers and time where there
are any. It returns a dictionary, which is the value that goes on, or None, or it returns a
list of such, or yields them.
An exception fails the record; after an OSError, such as those of a network, and a Retry,
pipeline tries it again as its errors.retries says. What is printed goes to pipeline's log.
"""
import __main__
import json
import os
import sys
import time
import traceback
import types

decode = json.JSONDecoder().decode
encode = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False).encode


class Retry(Exception):
    """A failure that may pass."""


HOLD = 0.1  # seconds for which answers are held back, to be written together


def run(handle):
    out = os.dup(1)  # print() goes to standard error
    os.dup2(2, 1)
    rest = b""
    while chunk := os.read(0, 1 << 16):
        *lines, rest = (rest + chunk).split(b"\n")
        answers, began = [], time.monotonic()
        for line in lines:
            answers.append(answer(handle, line.decode()))
            if time.monotonic() - began > HOLD:
                write(out, answers)
                answers, began = [], time.monotonic()
        write(out, answers)


def answer(handle, line):
    record = decode(line)
    head = '{"id":%d' % record["id"]
    try:
        result = handle(record)
        if result is None:
            return head + "}\n"
        if isinstance(result, (list, types.GeneratorType)):
            return head + ',"records":' + encode([{"value": value} for value in result]) + "}\n"
        return head + ',"value":' + encode(result) + "}\n"
    except Exception as e:
        again = ',"retry":true' if isinstance(e, (OSError, Retry)) else ""
        return head + ',"error":' + encode(f"{type(e).__name__}: {e}{place(e)}") + again + "}\n"
    finally:
        sys.stdout.flush()


def place(e):
    """Where in the program the exception came from, such as " (hot.py:12)"."""
    program = getattr(__main__, "__file__", None)
    lines = [frame.lineno for frame in traceback.extract_tb(e.__traceback__) if frame.filename == program]
    return f" ({os.path.basename(program)}:{lines[-1]})" if lines else ""


def write(file, answers):
    data = "".join(answers).encode()
    while data:
        data = data[os.write(file, data):]

"""Runs a function on every record that pipeline's exec handler gives this program.

The function gets a record as a dictionary: value, and key, headers and time where there
are any. It returns a dictionary, which is the value that goes on, a list of such, or None.
An exception fails the record. What is printed goes to pipeline's log.
"""
import json
import os
import sys

decode, encode = json.JSONDecoder().decode, json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def run(handle):
    answers = os.dup(1)  # print() goes to standard error
    os.dup2(2, 1)
    rest = b""
    while chunk := os.read(0, 1 << 16):
        *lines, rest = (rest + chunk).split(b"\n")
        write(answers, "".join([answer(handle, line.decode()) for line in lines]).encode())


def answer(handle, line):
    record = decode(line)
    head = '{"id":%d' % record["id"]
    try:
        result = handle(record)
        if result is None:
            return head + "}\n"
        if isinstance(result, list):
            return head + ',"records":' + encode([{"value": value} for value in result]) + "}\n"
        return head + ',"value":' + encode(result) + "}\n"
    except Exception as e:
        return head + ',"error":' + encode(f"{type(e).__name__}: {e}") + "}\n"
    finally:
        sys.stdout.flush()


def write(file, data):
    while data:
        data = data[os.write(file, data):]

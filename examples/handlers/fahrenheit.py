from pipeline_handler import run


def to_fahrenheit(record):
    reading = record["value"]
    reading["value"] = round(reading["value"] * 9 / 5 + 32, 2)
    return reading


run(to_fahrenheit)

"""`infralab schema`: the JSON Schema of a design, for editors that complete and check TOML."""

from __future__ import annotations

import argparse
import json


def parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog="infralab schema",
        description="The JSON Schema of a design file. With it an editor completes keys and marks what is wrong.",
        epilog="Save it and name it at the top of a design: #:schema ./infralab.schema.json",
    )


def run(argv: list[str]) -> int:
    """Print the schema."""
    parser().parse_args(argv)
    from infralab.models.json_schema import json_schema

    print(json.dumps(json_schema(), ensure_ascii=False, indent=1))
    return 0

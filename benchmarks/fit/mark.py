"""Mark measurements that a fit used: `fitted = true` beside each id, nothing else touched.

    python benchmarks/fit/vision.py --list | python benchmarks/fit/mark.py

Lines of the input: `family/file id`.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

MEASUREMENTS = Path(__file__).parents[2] / "models/measurements"


def main() -> int:
    used: dict[str, set[str]] = defaultdict(set)
    for line in sys.stdin:
        file, _, row = line.strip().partition(" ")
        if row:
            used[file].add(row)
    for file, rows in used.items():
        path = MEASUREMENTS / f"{file}.toml"
        text = path.read_text(encoding="utf-8")
        found = 0

        def mark(match: re.Match[str], rows: set[str] = rows) -> str:
            nonlocal found
            if match[2] not in rows:
                return match[0]
            found += 1
            return f"{match[1]}\nfitted = true"

        text = re.sub(r'^(id = "(.*)")(?:\nfitted = true)?$', mark, text, flags=re.M)
        path.write_text(text, encoding="utf-8")
        if found != len(rows):
            print(f"{path.name}: {len(rows) - found} of {len(rows)} ids not found", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Errors per group on one line each, signed bias included: `python -m infralab.models.validate PATH --by family`.

For whoever works on the model; `infralab validate` is the product's.
"""

import argparse
import sys

from infralab.models.validate import summary, validate


def main() -> None:
    parser = argparse.ArgumentParser(prog="infralab.models.validate", description=__doc__)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--by", default="family/metric")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    for name, group in sorted(summary(validate(options.paths, jobs=options.jobs), options.by).items()):
        errors = "  ".join(
            f"{key} {group[key]:+.3f}" if group[key] is not None else f"{key} -" for key in ("median", "p90", "bias")
        )
        lost = "  ".join(f"{key} {group[key]}" for key in ("infeasible", "unsupported", "invalid") if group[key])
        sys.stdout.write(f"{name:60.60} {group['rows']:5} cov {group['coverage']:.2f}  {errors}  {lost}\n")


if __name__ == "__main__":
    main()

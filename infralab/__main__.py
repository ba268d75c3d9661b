"""`python -m infralab` is the console script `infralab`."""

from infralab.tui.commands import main

if __name__ == "__main__":
    raise SystemExit(main())

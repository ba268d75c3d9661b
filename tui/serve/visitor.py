"""The lab for one visitor: started by the server as a process of its own, drawn through its pipe."""

from __future__ import annotations

import argparse
import sys


def main(argv: list[str] | None = None) -> int:
    """Run the lab on a design with Textual's web driver; its exit status."""
    made = argparse.ArgumentParser(prog="infralab serve: a visitor's lab")
    made.add_argument("design", nargs="?")
    made.add_argument("--theme", default="dark")
    options = made.parse_args(argv)

    from infralab.models.document import read
    from infralab.tui.app import LabApp, Settings
    from infralab.tui.commands import designs

    document = designs.opened(options.design) if options.design else read("")
    # Nothing of the person who serves is offered to a visitor: not what an earlier lab left behind.
    app = LabApp(document, Settings(theme=options.theme, recover=False))
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())

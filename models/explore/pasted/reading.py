"""Which tool printed a text: each reader is asked in turn."""

from __future__ import annotations

from infralab.models.explore.pasted import figures, fio, nccl
from infralab.models.explore.pasted.result import PastedError, Result

FORMS = (
    'lines or a table of nccl-tests; fio\'s summary or its --output-format=json; a step time ("step 1.23 s"), '
    'a rate ("145 k tokens/s"), a time to the first token or per token; or a measurement file'
)


def read(text: str) -> list[Result]:
    """Every result in a text. Raises PastedError where there is none."""
    found = fio.of_json(text) or nccl.of_text(text) or fio.of_text(text) or figures.of_text(text)
    if not found:
        first = next((line.strip() for line in text.splitlines() if line.strip()), "")
        shown = f'"{first[:60]}"' if first else "nothing at all"
        raise PastedError(f"no result found in {shown}; what is read: {FORMS}")
    return found

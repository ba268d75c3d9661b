"""What a person touches: the terminal lab, the command line, exports."""

import os

# Frames a second, read when Textual is imported: its 60 would add up to 16 ms to every answer. Frames without a
# change cost nothing, and the differential writer drops those that the line can't carry.
os.environ.setdefault("TEXTUAL_FPS", "100")

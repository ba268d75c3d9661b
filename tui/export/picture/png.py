"""From an SVG picture to PNG, with the lab's own font, so that text is there on a machine without fonts."""

from __future__ import annotations

from pathlib import Path

from infralab.models.document.embedded import with_design
from infralab.models.refusal import Refusal

FONTS = Path(__file__).parent / "fonts"
LARGEST_PIXELS = 120e6  # a picture of more would not open anywhere


class NoRenderer(Refusal):
    """The program that makes PNG pictures is not installed."""


def png(svg: str, design_toml: str, width: float, height: float, scale: float = 2.0) -> bytes:
    """The picture, `scale` pixels a user unit, the design in its metadata. Raises NoRenderer, Refusal."""
    if width * height * scale * scale > LARGEST_PIXELS:
        raise Refusal(
            f"--scale {scale:g}: {width * scale:.0f} by {height * scale:.0f} pixels are too many; "
            f"at most {(LARGEST_PIXELS / (width * height)) ** 0.5:.2f}, or export to .svg"
        )
    try:
        import resvg_py
    except ImportError:
        raise NoRenderer(
            "PNG pictures need resvg-py, which is not installed: pip install 'infralab[png]', or export to .svg"
        ) from None
    made = resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=scale,
        font_files=[str(path) for path in sorted(FONTS.glob("*.otf"))],
        sans_serif_family="Inter",
        font_family="Inter",
    )
    return with_design(bytes(made), design_toml)

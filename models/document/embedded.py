"""A design inside a picture: its TOML text in the metadata of an SVG or PNG file.

An SVG carries it as text of an element of its own in <metadata>; a PNG in an iTXt chunk
(Portable Network Graphics, 3rd edition, 11.3.3.4), so that other programs keep or skip it unharmed.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Iterator

from infralab.models.document.problem import DocumentError

NAMESPACE = "urn:infralab:design:1"
KEYWORD = b"infralab.design"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST_BYTES = 64_000_000  # of a text, once it is unpacked
HINT = "`infralab export` writes pictures that open again as designs"
# What XML 1.0 cannot carry as it is: it would be refused, or come back as something else.
_NOT_IN_XML = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_picture(content: bytes) -> bool:
    """Whether a file is an SVG or PNG rather than TOML, which never begins with "<"."""
    return content.startswith(PNG_SIGNATURE) or content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def design_text(content: bytes, name: str) -> str:
    """The TOML text inside a picture. Raises DocumentError where there is none, or where it is damaged."""
    held = _in_png(content, name) if content.startswith(PNG_SIGNATURE) else _in_svg(content, name)
    try:
        return held.decode("utf-8")
    except UnicodeDecodeError:
        raise DocumentError(f"{name}: the design inside is damaged: it is not UTF-8 text") from None


# --- SVG ----------------------------------------------------------------------------------------------


def svg_metadata(text: str) -> str:
    """The <metadata> element that carries a design's text."""
    from xml.sax.saxutils import escape

    if _NOT_IN_XML.search(text):
        body, encoding = base64.b64encode(text.encode("utf-8")).decode("ascii"), ' encoding="base64"'
    else:
        body, encoding = escape(text), ""
    return f'<metadata><design xmlns="{NAMESPACE}"{encoding} xml:space="preserve">{body}</design></metadata>'


def _in_svg(content: bytes, name: str) -> bytes:
    from xml.etree import ElementTree

    if b"<!ENTITY" in content:
        raise DocumentError(f"{name}: an SVG with entities of its own, which are not read; {HINT}")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        line, column = error.position
        raise DocumentError(
            f"{name}:{line}: neither TOML nor a whole SVG: the XML breaks off at column {column + 1}; {HINT}"
        ) from None
    found = root.find(f".//{{{NAMESPACE}}}design")
    if found is None:
        kind = "a picture" if root.tag.rpartition("}")[2] == "svg" else "an XML file"
        raise DocumentError(f"{name}: {kind} without a design inside; {HINT}")
    text = found.text or ""
    if found.get("encoding") != "base64":
        return text.encode("utf-8")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise DocumentError(f"{name}: the design inside is damaged: it is not valid base64") from None


# --- PNG ----------------------------------------------------------------------------------------------


def with_design(png: bytes, text: str) -> bytes:
    """A PNG with a design's text in its metadata, behind the header."""
    head = len(PNG_SIGNATURE) + 12 + int.from_bytes(png[8:12], "big")  # length, name and checksum round IHDR
    # keyword, 0, compressed, by zlib, no language, no translated keyword
    data = KEYWORD + b"\0\1\0\0\0" + zlib.compress(text.encode("utf-8"), 9)
    chunk = struct.pack(">I", len(data)) + b"iTXt" + data + struct.pack(">I", zlib.crc32(b"iTXt" + data))
    return png[:head] + chunk + png[head:]


def _in_png(content: bytes, name: str) -> bytes:
    for kind, data, whole in _chunks(content):
        if kind != b"iTXt" or not data.startswith(KEYWORD + b"\0"):
            continue
        if not whole:
            raise DocumentError(f"{name}: the design inside is damaged: its checksum does not match")
        compressed, rest = data[len(KEYWORD) + 1 : len(KEYWORD) + 2], data[len(KEYWORD) + 3 :]
        text = rest.split(b"\0", 2)[-1]
        return _unpacked(text, name) if compressed == b"\1" else text
    raise DocumentError(f"{name}: a picture without a design inside; {HINT}")


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Name, data and whether the checksum holds, of each chunk."""
    at = len(PNG_SIGNATURE)
    while at + 8 <= len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        check = png[at + 8 + length : at + 12 + length]
        yield kind, data, check == struct.pack(">I", zlib.crc32(kind + data))
        at += 12 + length


def _unpacked(data: bytes, name: str) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, LARGEST_BYTES)
    except zlib.error:
        raise DocumentError(f"{name}: the design inside is damaged: it cannot be unpacked") from None
    if not unpacker.eof:
        raise DocumentError(f"{name}: the design inside is cut off, or larger than {LARGEST_BYTES // 1_000_000} MB")
    return text

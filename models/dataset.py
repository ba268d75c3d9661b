"""The data that a workload reads: the design's own figures, else the library's, else by its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infralab.models.arithmetic import Number
from infralab.models.constants import assumed, table
from infralab.models.design import Dataset, Workload
from infralab.models.machine import Machine

TOKEN_BYTES = 4.0  # token ids as 32-bit integers; 16 bits where the vocabulary allows


@dataclass(slots=True)
class Data:
    """Sizes in bytes; `passes`: how often each sample is read (infinite: many epochs)."""

    bytes_per_sample: Number
    samples: Number | None
    samples_per_file: Number
    encoding: str  # jpeg, png, raw, tokens, records, npz, parquet, bytes
    pixels: Number | None = None  # of a stored image
    many_passes: bool = True
    compression: Number = 1.0  # bytes after decompression over bytes stored

    @property
    def total_bytes(self) -> Number | None:
        return None if self.samples is None else self.samples * self.bytes_per_sample


def resolve(machine: Machine, modality: str) -> Data | None:
    """The data set of the workload; None when nothing says what is read.

    Records what it has to assume with the figures.
    """
    workload = machine.design.workload
    assert workload is not None
    if workload.kind == "storage-io":
        return None
    given = workload.dataset or Dataset()
    entry = _library(machine, workload, given)
    if workload.dataset is None and not entry and modality != "tokens":
        return None
    number = machine.figures.number
    encoding = given.encoding or _encoding(entry, modality)
    pixels: Number | None = _pixels(given, encoding)
    size = _bytes(machine, workload, given, entry, encoding, modality)
    if size is None:
        return None
    known = given.samples if given.samples is not None else entry.get("samples")
    samples = float(known) if isinstance(known, (int, float)) else None
    per_file = given.samples_per_file
    if per_file is None and given.files and samples:
        per_file = samples / given.files
    if per_file is None:
        per_file = _samples_per_file(machine, modality, encoding, entry)
    if samples is None and given.files:
        samples = given.files * per_file
    if pixels is None and encoding == "jpeg":
        pixels = size / float(table("host")["decode"]["jpeg_bytes_per_pixel"])
    passes = given.extra.get("epochs")
    return Data(
        bytes_per_sample=number("workload.dataset.bytes_per_sample", size)
        if isinstance(size, float)
        else size,
        samples=None if samples is None else number("workload.dataset.samples", samples),
        samples_per_file=number("workload.dataset.samples_per_file", float(per_file)),
        encoding=encoding,
        pixels=pixels,
        compression=number("workload.dataset.compression", given.compression or 1.0),
        many_passes=modality != "tokens" if passes is None else float(passes) > 1.0,
    )


def _library(machine: Machine, workload: Workload, given: Dataset) -> dict[str, Any]:
    """Facts of the named data set, or of the emulated benchmark's own."""
    if workload.kind == "storage-emulation":
        from infralab.models.workloads.storage_emulation import facts

        row = facts(machine) or {}
        return {
            "bytes_per_sample": row.get("record_bytes"),
            "samples_per_file": row.get("samples_per_file"),
            "decode": "" if row.get("format") == "jpeg" else row.get("format", ""),  # read, not decoded
        }
    if given.name is None:
        return {}
    found = machine.catalogue.dataset(given.name)
    if found is None:
        machine.warn("workload", f"no data set named {given.name!r} in the library: its sizes are not known")
        return {}
    return dict(found.facts)


def _encoding(entry: dict[str, Any], modality: str) -> str:
    """The first word that says how samples are stored; else what the modality usually is."""
    said = str(entry.get("decode", "")).lower()
    for word in ("jpeg", "png", "parquet", "tfrecord", "npz", "npy"):
        if word in said:
            return {"tfrecord": "records", "npy": "npz"}.get(word, word)
    return {"image": "jpeg", "volume": "npz", "tokens": "tokens"}.get(modality, "records")


def _pixels(given: Dataset, encoding: str) -> float | None:
    if encoding not in ("jpeg", "png", "raw") or given.image_size is None:
        return None
    return float(given.image_size) ** 2 * float(table("host")["decode"]["aspect"])


def _bytes(
    machine: Machine, workload: Workload, given: Dataset, entry: dict[str, Any], encoding: str, modality: str
) -> Number | None:
    if given.bytes_per_sample is not None:
        return given.bytes_per_sample.value
    if given.image_size is not None and encoding in ("jpeg", "raw"):
        decode = table("host")["decode"]
        pixels = float(given.image_size) ** 2 * float(decode["aspect"])
        return pixels * (3.0 if encoding == "raw" else float(decode["recompressed_bytes_per_pixel"]))
    known = entry.get("bytes_per_sample")
    if isinstance(known, (int, float)):
        return float(known)
    if modality == "tokens" and workload.sequence_length is not None:
        return TOKEN_BYTES * machine.figures.number("workload.sequence_length", workload.sequence_length)
    return None


def _samples_per_file(machine: Machine, modality: str, encoding: str, entry: dict[str, Any]) -> float:
    if isinstance(entry.get("samples_per_file"), (int, float)):
        return float(entry["samples_per_file"])
    files, samples = entry.get("files"), entry.get("samples")
    if isinstance(files, (int, float)) and isinstance(samples, (int, float)) and files > 0:
        return max(float(samples) / float(files), 1.0)
    if modality in ("image", "volume") and encoding in ("jpeg", "png", "npz"):
        machine.figures.assume("files of the data set not stated: one sample a file", moves=False)
        return 1.0
    machine.figures.assume("files of the data set not stated: large files", moves=False)
    return assumed("dataset.samples_per_file")

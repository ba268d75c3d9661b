"""The collectors' keys as figures in SI units: one table per room, first key that an entry has wins.

A figure's name is the one that a design may override; figures that need several facts are worked out
in `figures`. Rates are bytes/s per direction, operations dense.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

GIB = 2.0**30
BYTES_PER_GBIT = 1e9 / 8


@dataclass(frozen=True, slots=True)
class Rule:
    """`figure` = the fact at `path` times `factor`; `dimension` as in units, `unit` is the fact's."""

    figure: str
    path: str
    factor: float = 1.0
    dimension: str = ""
    unit: str = ""


def _rules(*rows: tuple[str, str, float, str, str] | tuple[str, str]) -> tuple[Rule, ...]:
    return tuple(Rule(*row) for row in rows)


CHIP = _rules(
    ("memory", "mem_gb", 1e9, "bytes", "GB"),
    ("memory", "mem_kb", 1e3, "bytes", "kB"),
    ("memory", "sram_kb", 1e3, "bytes", "kB"),  # a microcontroller computes in its SRAM
    ("memory_bandwidth", "mem_tbps", 1e12, "bytes/s", "TB/s"),
    ("memory_bandwidth", "mem_gb_s", 1e9, "bytes/s", "GB/s"),
    ("memory_bandwidth.cpu", "mem_tbps_cpu", 1e12, "bytes/s", "TB/s"),
    ("memory2", "mem2_gb", 1e9, "bytes", "GB"),
    ("memory2_bandwidth", "mem2_tbps", 1e12, "bytes/s", "TB/s"),
    ("memory_physical", "mem_gb_physical", 1e9, "bytes", "GB"),
    ("flash", "flash_kb", 1e3, "bytes", "kB"),
    ("cache", "cache_mb", 1e6, "bytes", "MB"),
    ("cache_bandwidth", "cache_tbps", 1e12, "bytes/s", "TB/s"),
    ("power", "tdp_w", 1.0, "watts", "W"),
    ("cores", "cores"),
    ("tensor_cores", "tensor_cores"),
    ("dies", "dies"),
    ("die_bandwidth", "die_link_tbps", 1e12, "bytes/s", "TB/s"),
    ("clock", "clock_mhz", 1e6, "hertz", "MHz"),
    ("link_bandwidth", "scale_up.gb_s_per_dir", 1e9, "bytes/s", "GB/s per direction"),
    ("link_bandwidth.peer", "scale_up.gb_s_per_dir_per_peer", 1e9, "bytes/s", "GB/s per direction"),
    ("link_bandwidth.link", "scale_up.gb_s_per_link_per_dir", 1e9, "bytes/s", "GB/s per direction"),
    ("link_ports", "scale_up.ports"),
    ("link_domain", "scale_up.domain"),
    ("host_link", "host_link_gb_s", 1e9, "bytes/s", "GB/s per direction"),
    ("host_link", "host_link.gb_s_per_dir", 1e9, "bytes/s", "GB/s per direction"),
    ("host_link", "host_link.gb_s", 1e9, "bytes/s", "GB/s per direction"),
    ("nic.total", "nic_gbps", BYTES_PER_GBIT, "bytes/s", "Gb/s"),
    ("dcn_bandwidth", "dcn_gbps_per_chip", BYTES_PER_GBIT, "bytes/s", "Gb/s"),
    ("chips_per_host", "chips_per_host"),
    ("price_hour", "price_hour.usd", 1.0, "USD/h", "USD/h"),
    ("purchase_price", "price_usd", 1.0, "USD", "USD"),
    ("dsp", "dsp"),
    ("luts", "luts"),
    ("aie_tiles", "aie_tiles"),
    ("sparse_cores", "sparse_cores"),
)

SERVER = _rules(
    ("chips", "chips"),
    ("pod_chips", "pod_chips"),
    ("host.cores", "host.cores"),
    ("host.cores", "cores"),
    ("host.threads", "host.threads"),
    ("host.sockets", "host.sockets"),
    ("host.numa_nodes", "host.numa_nodes"),
    ("host.memory", "host.mem_gb", 1e9, "bytes", "GB"),
    ("host.memory", "host_mem_gb", 1e9, "bytes", "GB"),
    ("host.memory_bandwidth", "host.mem_gb_s", 1e9, "bytes/s", "GB/s"),
    ("host.memory_bandwidth", "mem_tbps", 1e12, "bytes/s", "TB/s"),
    ("host.clock", "host.base_ghz", 1e9, "hertz", "GHz"),
    ("host.power", "host.cpu_tdp_w", 1.0, "watts", "W"),
    ("chip_link.uplink", "host.chip_link.gb_s_per_dir", 1e9, "bytes/s", "GB/s per direction"),
    ("chips_per_uplink", "host.chip_link.chips_per_uplink"),
    ("nic_link", "host.nic_link.gb_s_per_dir", 1e9, "bytes/s", "GB/s per direction"),
    ("nic.count", "nic.count"),
    ("nic.bandwidth", "nic.gbps", BYTES_PER_GBIT, "bytes/s", "Gb/s"),
    ("nic.total", "nic.gb_s_per_dir", 1e9, "bytes/s", "GB/s per direction"),
    ("storage_nic.count", "storage_nic.count"),
    ("storage_nic.bandwidth", "storage_nic.gbps", BYTES_PER_GBIT, "bytes/s", "Gb/s"),
    ("front_nic.count", "front_nic.count"),
    ("front_nic.bandwidth", "front_nic.gbps", BYTES_PER_GBIT, "bytes/s", "Gb/s"),
    ("disk.count", "local_nvme.count"),
    ("disk.capacity", "local_nvme.tb_each", 1e12, "bytes", "TB each"),
    ("disk.total_read_bandwidth", "local_nvme.read_gb_s", 1e9, "bytes/s", "GB/s of all drives"),
    ("bisection_bandwidth", "bisection_tb_s", 1e12, "bytes/s", "TB/s"),
    ("power", "max_power_kw", 1e3, "watts", "kW"),
    ("price_hour", "price_hour.usd", 1.0, "USD/h", "USD/h"),
    ("purchase_price", "price_usd", 1.0, "USD", "USD"),
)

# `scales_with` in the facts (tib, drive, node, system, prefix …) says what bandwidths and iops are for:
# a system known by its nodes has a node's, one known only by a public benchmark submission the whole
# submission's. Metadata and request rates are of the system, or of the prefix, bucket or account.
TIER = _rules(
    ("read_bandwidth", "read_gb_s", 1e9, "bytes/s", "GB/s"),
    ("read_bandwidth", "read_gib_s", GIB, "bytes/s", "GiB/s"),
    ("read_bandwidth", "read_gb_s_per_node", 1e9, "bytes/s", "GB/s"),
    ("read_bandwidth", "per_node.read_gb_s", 1e9, "bytes/s", "GB/s"),
    ("read_bandwidth", "io500.easy_read", GIB, "bytes/s", "GiB/s"),
    ("read_bandwidth", "egress_gbps", BYTES_PER_GBIT, "bytes/s", "Gb/s"),
    ("read_bandwidth", "egress_gbps_region", BYTES_PER_GBIT, "bytes/s", "Gb/s"),
    ("write_bandwidth", "write_gb_s", 1e9, "bytes/s", "GB/s"),
    ("write_bandwidth", "write_gib_s", GIB, "bytes/s", "GiB/s"),
    ("write_bandwidth", "per_node.write_gb_s", 1e9, "bytes/s", "GB/s"),
    ("write_bandwidth", "io500.easy_write", GIB, "bytes/s", "GiB/s"),
    ("write_bandwidth", "ingress_gbps", BYTES_PER_GBIT, "bytes/s", "Gb/s"),
    ("burst_bandwidth", "burst_gb_s", 1e9, "bytes/s", "GB/s"),
    ("network_bandwidth", "network_gb_s_per_tib", 1e9, "bytes/s", "GB/s per TiB"),
    ("memory_cache", "ram_cache_gib_per_tib", GIB, "bytes", "GiB per TiB"),
    ("read_iops", "read_iops", 1.0, "1/s", "operations/s"),
    ("read_iops", "per_node.read_iops", 1.0, "1/s", "operations/s"),
    ("write_iops", "write_iops", 1.0, "1/s", "operations/s"),
    ("metadata_rate", "metadata_rate", 1.0, "1/s", "operations/s"),
    ("metadata_rate", "md_stat_per_s_per_72gbps", 1.0, "1/s", "operations/s"),
    ("metadata_rate", "io500.md_easy_stat", 1e3, "1/s", "thousand operations/s"),
    ("metadata_create_rate", "md_create_per_s_per_72gbps", 1.0, "1/s", "operations/s"),
    ("metadata_create_rate", "io500.md_hard_write", 1e3, "1/s", "thousand operations/s"),
    ("request_rate", "get_rps", 1.0, "1/s", "requests/s"),
    ("request_rate", "get_rps_per_prefix", 1.0, "1/s", "requests/s"),
    ("request_rate", "get_rps_initial", 1.0, "1/s", "requests/s"),
    ("request_rate", "req_rps_account", 1.0, "1/s", "requests/s"),
    ("write_request_rate", "put_rps", 1.0, "1/s", "requests/s"),
    ("write_request_rate", "put_rps_per_prefix", 1.0, "1/s", "requests/s"),
    ("write_request_rate", "put_rps_initial", 1.0, "1/s", "requests/s"),
    ("latency", "latency_ms", 1e-3, "seconds", "ms"),
    ("open_latency", "open_us", 1e-6, "seconds", "us"),
    ("open_latency", "measured.open_existing_ms", 1e-3, "seconds", "ms"),
    ("capacity", "capacity_tb", 1e12, "bytes", "TB"),
    ("capacity", "capacity_pib", 2.0**50, "bytes", "PiB"),
    ("capacity_min", "min_tib", 2.0**40, "bytes", "TiB"),
    ("capacity_max", "max_pib", 2.0**50, "bytes", "PiB"),
    ("stream_bandwidth", "per_connection_gb_s", 1e9, "bytes/s", "GB/s per connection"),
    ("stream_bandwidth", "per_blob_gb_s", 1e9, "bytes/s", "GB/s per blob"),
    ("client_bandwidth", "vm_gb_s", 1e9, "bytes/s", "GB/s per client"),
    ("client_bandwidth", "max_client_gbps", BYTES_PER_GBIT, "bytes/s", "Gb/s per client"),
    ("drives", "drives"),
    ("price", "price_gb_month", 1e-9, "USD/bytes/month", "USD/GB/month"),
    ("price_read_request", "price_per_1k_get", 1e-3, "USD", "USD per 1,000"),
    ("price_write_request", "price_per_1k_put", 1e-3, "USD", "USD per 1,000"),
    ("price_retrieval", "retrieval_price_gb", 1e-9, "USD/bytes", "USD/GB"),
    ("purchase_price_per_byte", "price_gb", 1e-9, "USD/bytes", "USD/GB"),
)

LINK = _rules(
    ("bandwidth", "gb_s_per_dir", 1e9, "bytes/s", "GB/s per direction"),
    ("bandwidth.peer", "gb_s_per_dir_per_peer", 1e9, "bytes/s", "GB/s per direction"),
    ("bandwidth.link", "gb_s_per_link_per_dir", 1e9, "bytes/s", "GB/s per direction"),
    ("bandwidth.lane", "gb_s_per_lane_per_dir", 1e9, "bytes/s", "GB/s per direction"),
    ("bandwidth.node", "gb_s_per_node_per_dir", 1e9, "bytes/s", "GB/s per direction"),
    ("latency", "latency_us", 1e-6, "seconds", "us"),
    ("latency.mpi", "mpi_latency_us", 1e-6, "seconds", "us"),
    ("latency.added", "latency_ns_added", 1e-9, "seconds", "ns"),
    ("hop_latency", "switch_hop_us", 1e-6, "seconds", "us"),
    ("hop_latency", "hop_us", 1e-6, "seconds", "us"),
    ("efficiency", "eff"),
    ("efficiency.all_reduce", "eff_allreduce"),
    ("efficiency.all_to_all", "eff_alltoall"),
    ("efficiency.in_network", "eff_nvls"),
    ("in_network_min_chips", "nvls_min_gpus"),
    ("half_saturation", "half_saturation_mib", 2.0**20, "bytes", "MiB"),
    ("cpu_per_bandwidth", "cpu_core_per_gbps", 1.0 / BYTES_PER_GBIT, "", "cores per Gb/s"),
    ("links", "links_per_gpu"),
    ("links", "links_per_chip"),
    ("domain", "domain"),
    ("domain", "max_accelerators"),
)

SWITCH = _rules(
    ("ports", "ports"),
    ("bandwidth", "gbps_per_port", BYTES_PER_GBIT, "bytes/s", "Gb/s per port"),
    ("hop_latency", "latency_us", 1e-6, "seconds", "us"),
    ("total_bandwidth", "tbps_per_dir", 1e12 / 8, "bytes/s", "Tb/s per direction"),
    ("power", "power_w", 1.0, "watts", "W"),
    ("domain", "domain"),
    ("switches_per_domain", "switches_per_domain"),
    ("oversubscription", "oversubscription"),
    ("bandwidth.node", "gb_s_per_node_per_dir", 1e9, "bytes/s", "GB/s per direction"),
)

DPU = _rules(
    ("bandwidth", "total_gbps", BYTES_PER_GBIT, "bytes/s", "Gb/s"),
    ("crypto_bandwidth", "crypto_gbps", BYTES_PER_GBIT, "bytes/s", "Gb/s"),
    ("cores", "arm_cores"),
    ("nvmeof_iops", "nvmeof_miops", 1e6, "1/s", "million operations/s"),
    ("message_rate", "msg_rate_mps", 1e6, "1/s", "million messages/s"),
    ("latency", "latency_us", 1e-6, "seconds", "us"),
    ("memory", "mem_gb", 1e9, "bytes", "GB"),
    ("memory_bandwidth", "mem_gb_s", 1e9, "bytes/s", "GB/s"),
    ("memory_bandwidth", "mem_tbps", 1e12, "bytes/s", "TB/s"),
    ("power", "tdp_w", 1.0, "watts", "W"),
    ("host_link", "host_link_gb_s", 1e9, "bytes/s", "GB/s per direction"),
)

LOADER = _rules(
    ("overhead_per_sample", "overhead_us_per_sample", 1e-6, "seconds", "us"),
    ("overhead_per_batch", "overhead_us_per_batch", 1e-6, "seconds", "us"),
    ("consumer_ceiling", "consumer_ceiling_gb_s", 1e9, "bytes/s", "GB/s"),
    ("start_per_worker", "start_s_per_worker", 1.0, "seconds", "s"),
    ("memory_per_worker", "memory_per_worker_gb", 1e9, "bytes", "GB"),
    ("stream_bandwidth", "per_connection_mb_s", 1e6, "bytes/s", "MB/s"),
)

QUANTISATION = _rules(
    ("bits", "bits"),
    ("bits_file", "bits_file"),
    ("act_bits", "act_bits"),
    ("block", "block"),
    ("block_bytes", "block_bytes", 1.0, "bytes", "B"),
)

FRAMEWORK = _rules(("learning_curve", "learning_curve"))

MODEL = _rules(
    ("parameters", "params_computed_b", 1e9, "", "10^9"),
    ("parameters", "params_computed_m", 1e6, "", "10^6"),
    ("parameters", "params_published_b", 1e9, "", "10^9"),
    ("parameters", "params_published_m", 1e6, "", "10^6"),
    ("parameters", "params_m", 1e6, "", "10^6"),
    ("parameters.published", "params_published_b", 1e9, "", "10^9"),
    ("parameters.published", "params_published_m", 1e6, "", "10^6"),
    ("parameters.active", "params_active_computed_b", 1e9, "", "10^9"),
    ("parameters.active", "params_active_published_b", 1e9, "", "10^9"),
    ("macs", "gmacs", 1e9, "", "10^9 a sample"),
    ("activations", "mactivations", 1e6, "", "10^6 a sample"),
    ("flop_forward", "mflop_forward_per_sample", 1e6, "FLOP", "10^6 a sample"),
    ("image_size", "image", 1.0, "", "pixels"),
    ("embedding_parameters", "embedding_params_b", 1e9, "", "10^9"),
    ("embedding_bytes_read", "embedding_bytes_read_per_sample_fp32", 1.0, "bytes", "B a sample, fp32"),
    ("input_bytes", "input_bytes_per_sample", 1.0, "bytes", "B a sample"),
    ("lookups", "lookups_per_sample"),
    ("rows", "rows_total"),
)

DATASET = _rules(
    ("bytes_per_sample", "bytes_per_sample", 1.0, "bytes", "B"),
    ("total_bytes", "total_gb", 1e9, "bytes", "GB"),
    ("decoded_bytes", "decoded_bytes", 1.0, "bytes", "B a sample"),
    ("decode_seconds", "decode_cpu_ms", 1e-3, "seconds", "ms of one core"),
    ("feature_bytes", "feature_gb", 1e9, "bytes", "GB"),
    ("topology_bytes", "topology_gb_csc_int64", 1e9, "bytes", "GB"),
)

ROOMS: Mapping[str, tuple[Rule, ...]] = {
    "chip": CHIP,
    "server": SERVER,
    "tier": TIER,
    "link": LINK,
    "switch": SWITCH,
    "dpu": DPU,
    "loader": LOADER,
    "quantisation": QUANTISATION,
    "framework": FRAMEWORK,
    "model": MODEL,
    "dataset": DATASET,
}

_PEAK = re.compile(r"^(npu_)?t(?:fl)?ops_(\w+)$")
_MEASURED_PATH = re.compile(r"^measured\.(mamf|eff)_(\w+)$")
_MATRIX = {"fp64_tensor": "fp64_matrix"}


_FOLLOWS = {
    ("server", "nic.total"): ("nic.count", "nic.bandwidth"),
    ("switch", "total_bandwidth"): ("ports", "bandwidth"),
}


def peak_figure(key: str) -> str | None:
    """The figure that tflops_* or tops_* stands for; None for a sparse rate or another key."""
    match = _PEAK.match(key)
    if not match or "sparse" in key:
        return None
    precision = _MATRIX.get(match[2], match[2])
    return ("npu.peak." if match[1] else "peak.") + precision


def follows_from(room: str, figure: str) -> tuple[str, ...]:
    """The figures that one rests on: a copy that changes those has to work it out anew or do without."""
    head, _, precision = figure.partition(".")
    if room == "chip" and head in ("achieved", "efficiency"):
        return (f"peak.{precision}",)
    return _FOLLOWS.get((room, figure), ())


def is_group(room: str, path: str) -> bool:
    """Whether figures stand below this key, so that it has to hold a table."""
    if room in ("chip", "dpu") and path in ("peak", "achieved", "measured"):
        return True
    names = (name for rule in ROOMS.get(room, ()) for name in (rule.path, rule.figure))
    return any(name.startswith(path + ".") for name in names)


def rule_for(room: str, path: str) -> Rule | None:
    """The rule that reads the fact at `path` (a collector's key or a figure's own name)."""
    if room in ("chip", "dpu"):
        figure = peak_figure(path)
        if figure:
            return Rule(figure, path, 1e12, "FLOP/s", "10^12 operations/s")
        if path.startswith(("peak.", "npu.peak.", "achieved.")):
            return Rule(path, path, 1.0, "FLOP/s", "FLOP/s")
        if match := _MEASURED_PATH.match(path):
            name = ("achieved." if match[1] == "mamf" else "efficiency.") + match[2]
            return Rule(name, path, 1e12 if match[1] == "mamf" else 1.0, "FLOP/s" if match[1] == "mamf" else "")
    for rule in ROOMS.get(room, ()):
        if rule.path == path:
            return rule
    for rule in ROOMS.get(room, ()):
        if rule.figure == path:
            return Rule(path, path, 1.0, rule.dimension, rule.dimension)
    return None

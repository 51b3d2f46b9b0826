"""The C API of OuroborosDB for ctypes.

Made from include/ouroboros.h by scripts/python_abi.py: do not edit.
"""
from ctypes import (CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_double, c_int,
                    c_size_t, c_uint, c_uint8, c_uint32, c_uint64, c_void_p)
from enum import IntEnum
from typing import Any

OURO_ID_SIZE = 32
OURO_ID_TEXT = 45
OURO_NAME_MAX = 1024
OURO_LABEL_MAX = 128
OURO_KEY_MAX = 4096
OURO_VALUE_MAX = (64 * 1024 * 1024)
OURO_STORE_BATCH_MAX = (128 * 1024 * 1024)
OURO_CANDIDATES_MAX = 16
OURO_RECOVERY_TEXT = 73


class Status(IntEnum):
    OK = 0
    NOT_FOUND = 1
    END = 2
    INVALID = 3
    AMBIGUOUS = 4
    DAMAGED = 5
    REFUSED = 6
    LOCKED = 7
    NO_SPACE = 8
    READ_ONLY = 9
    IO = 10
    NO_MEMORY = 11
    WRONG_KEY = 12
    UNSUPPORTED = 13
    CONFLICT = 14
    CANCELLED = 15
    EXISTS = 16
    TOO_LARGE = 17
    UNREACHABLE = 18
    CRYPTO = 19


class LogLevel(IntEnum):
    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


class Sync(IntEnum):
    DEFAULT = 0
    ALWAYS = 1
    INTERVAL = 2
    NEVER = 3


class Kind(IntEnum):
    CONTENT = 1
    VERSION = 2


class Base(IntEnum):
    HEADS = 0
    GIVEN = 1
    EXACT = 2


class Reason(IntEnum):
    HAS_CHILDREN = 1
    HAS_LATER = 2
    OTHER_VERSION = 3
    SHARED_CHUNKS = 4
    LIVE_DESCENDANT = 5


class Part(IntEnum):
    FILE = 1
    RECORD = 2
    CHUNK = 3
    SLICE = 4
    CONTENT = 5


class State(IntEnum):
    OK = 0
    DEGRADED = 1
    LOST = 2
    REPAIRED = 3


class MemberKind(IntEnum):
    NODE = 1
    RECOVERY = 2


class ouro_error(Structure):
    pass


class ouro_store(Structure):
    pass


class ouro_store_options(Structure):
    pass


class ouro_value(Structure):
    pass


class ouro_range(Structure):
    pass


class ouro_scan(Structure):
    pass


class ouro_item(Structure):
    pass


class ouro_store_batch(Structure):
    pass


class ouro_store_damage(Structure):
    pass


class ouro_store_stats(Structure):
    pass


class ouro_vault(Structure):
    pass


class ouro_vault_options(Structure):
    pass


class ouro_candidate(Structure):
    pass


class ouro_target(Structure):
    pass


class ouro_put(Structure):
    pass


class ouro_put_options(Structure):
    pass


class ouro_put_result(Structure):
    pass


class ouro_batch(Structure):
    pass


class ouro_get(Structure):
    pass


class ouro_info(Structure):
    pass


class ouro_list(Structure):
    pass


class ouro_list_options(Structure):
    pass


class ouro_version(Structure):
    pass


class ouro_version_options(Structure):
    pass


class ouro_setting(Structure):
    pass


class ouro_trashed(Structure):
    pass


class ouro_kept(Structure):
    pass


class ouro_remove_options(Structure):
    pass


class ouro_remove_result(Structure):
    pass


class ouro_gc_result(Structure):
    pass


class ouro_finding(Structure):
    pass


class ouro_care_result(Structure):
    pass


class ouro_care_options(Structure):
    pass


class ouro_stats(Structure):
    pass


class ouro_member(Structure):
    pass


class ouro_share_options(Structure):
    pass


class ouro_share_result(Structure):
    pass


class ouro_grant(Structure):
    pass


class ouro_unshare_options(Structure):
    pass


class ouro_unshare_result(Structure):
    pass


class ouro_bundle(Structure):
    pass


class ouro_bundle_item(Structure):
    pass


class ouro_export_options(Structure):
    pass


class ouro_export_result(Structure):
    pass


class ouro_import_options(Structure):
    pass


class ouro_import_result(Structure):
    pass


ouro_log_write = CFUNCTYPE(None, c_void_p, c_int, c_char_p)
ouro_progress = CFUNCTYPE(c_bool, c_void_p, c_uint64, c_uint64)
ouro_store_damage_report = CFUNCTYPE(None, c_void_p, POINTER(ouro_store_damage))
ouro_each_whole = CFUNCTYPE(c_bool, c_void_p, c_size_t, c_int, c_void_p, c_size_t)
ouro_each_id = CFUNCTYPE(c_bool, c_void_p, POINTER(c_uint8))
ouro_each_node = CFUNCTYPE(c_bool, c_void_p, POINTER(c_uint8), POINTER(c_uint8), c_uint64)
ouro_each_version = CFUNCTYPE(c_bool, c_void_p, POINTER(ouro_version))
ouro_each_trashed = CFUNCTYPE(c_bool, c_void_p, POINTER(ouro_trashed))
ouro_kept_report = CFUNCTYPE(None, c_void_p, POINTER(ouro_kept))
ouro_finding_report = CFUNCTYPE(None, c_void_p, POINTER(ouro_finding))
ouro_each_member = CFUNCTYPE(c_bool, c_void_p, POINTER(ouro_member))
ouro_each_grant = CFUNCTYPE(c_bool, c_void_p, POINTER(ouro_grant))
ouro_sink = CFUNCTYPE(c_int, c_void_p, c_void_p, c_size_t, POINTER(ouro_error))
ouro_source = CFUNCTYPE(c_int, c_void_p, c_void_p, c_size_t, POINTER(c_size_t), POINTER(ouro_error))
ouro_each_bundle_item = CFUNCTYPE(c_bool, c_void_p, POINTER(ouro_bundle_item))

ouro_error._fields_ = [
    ("status", c_int),
    ("sys_errno", c_int),
    ("text", c_char * (512)),
]

ouro_store_options._fields_ = [
    ("size", c_size_t),
    ("must_exist", c_bool),
    ("read_only", c_bool),
    ("sync", c_int),
    ("sync_interval_ms", c_uint32),
    ("segment_size", c_uint64),
    ("index_memory", c_uint64),
    ("compact_share", c_double),
    ("compact_rate", c_uint64),
    ("level", c_int),
    ("no_maps", c_bool),
    ("threads", c_uint),
    ("log", ouro_log_write),
    ("log_context", c_void_p),
]

ouro_value._fields_ = [
    ("data", c_void_p),
    ("size", c_size_t),
    ("private_owner", c_void_p),
    ("private_release", CFUNCTYPE(None)),
]

ouro_range._fields_ = [
    ("size", c_size_t),
    ("prefix", c_void_p),
    ("prefix_size", c_size_t),
    ("begin", c_void_p),
    ("begin_size", c_size_t),
    ("end", c_void_p),
    ("end_size", c_size_t),
    ("reverse", c_bool),
    ("keys_only", c_bool),
]

ouro_item._fields_ = [
    ("key", c_void_p),
    ("key_size", c_size_t),
    ("value", c_void_p),
    ("value_size", c_size_t),
]

ouro_store_damage._fields_ = [
    ("file", c_char_p),
    ("offset", c_uint64),
    ("size", c_uint64),
    ("key", c_void_p),
    ("key_size", c_size_t),
    ("text", c_char_p),
]

ouro_store_stats._fields_ = [
    ("keys", c_uint64),
    ("live_bytes", c_uint64),
    ("dead_bytes", c_uint64),
    ("disk_bytes", c_uint64),
    ("index_bytes", c_uint64),
    ("memory_bytes", c_uint64),
    ("segments", c_uint64),
    ("segment_oldest", c_uint64),
    ("segment_active", c_uint64),
    ("sequence", c_uint64),
    ("durable_through", c_uint64),
    ("index_files", c_uint64),
    ("replayed", c_uint64),
    ("filter_asked", c_uint64),
    ("filter_spared", c_uint64),
    ("bytes_given", c_uint64),
    ("bytes_written", c_uint64),
    ("bytes_moved", c_uint64),
    ("torn_bytes", c_uint64),
    ("damaged_records", c_uint64),
    ("missing_segments", c_uint64),
]

ouro_vault_options._fields_ = [
    ("size", c_size_t),
    ("must_exist", c_bool),
    ("read_only", c_bool),
    ("key_file", c_char_p),
    ("passphrase", c_char_p),
    ("recovery_key", c_char_p),
    ("data_paths", POINTER(c_char_p)),
    ("data_path_count", c_size_t),
    ("k", c_uint),
    ("m", c_uint),
    ("no_parity", c_bool),
    ("level", c_int),
    ("segment_size", c_uint64),
    ("node", c_char_p),
    ("free_space_min", c_uint64),
    ("threads", c_uint),
    ("index_memory", c_uint64),
    ("log", ouro_log_write),
    ("log_context", c_void_p),
]

ouro_candidate._fields_ = [
    ("id", c_uint8 * (OURO_ID_SIZE)),
    ("kind", c_int),
]

ouro_target._fields_ = [
    ("kind", c_int),
    ("id", c_uint8 * (OURO_ID_SIZE)),
    ("by_name", c_bool),
    ("candidates", ouro_candidate * (OURO_CANDIDATES_MAX)),
    ("candidate_count", c_size_t),
]

ouro_put_options._fields_ = [
    ("size", c_size_t),
    ("name", c_char_p),
    ("parent", POINTER(c_uint8)),
    ("type", c_char_p),
    ("meta", c_void_p),
    ("meta_size", c_size_t),
    ("k", c_uint),
    ("m", c_uint),
    ("no_parity", c_bool),
    ("owner", c_char_p),
    ("group", c_char_p),
    ("mode", c_uint),
    ("saved_ms", c_uint64),
    ("expires_ms", c_uint64),
    ("namespace_", c_char_p),
    ("base", c_int),
    ("base_versions", POINTER(c_uint8 * (OURO_ID_SIZE))),
    ("base_count", c_size_t),
]

ouro_put_result._fields_ = [
    ("content", c_uint8 * (OURO_ID_SIZE)),
    ("version", c_uint8 * (OURO_ID_SIZE)),
    ("bytes", c_uint64),
    ("chunks", c_uint64),
    ("chunks_new", c_uint64),
    ("bytes_new", c_uint64),
    ("bytes_stored", c_uint64),
    ("existed", c_bool),
]

ouro_info._fields_ = [
    ("asked", c_int),
    ("content", c_uint8 * (OURO_ID_SIZE)),
    ("version", c_uint8 * (OURO_ID_SIZE)),
    ("has_version", c_bool),
    ("deletion", c_bool),
    ("has_parent", c_bool),
    ("parent", c_uint8 * (OURO_ID_SIZE)),
    ("bytes", c_uint64),
    ("compressed", c_uint64),
    ("stored", c_uint64),
    ("chunks", c_uint64),
    ("slices", c_uint64),
    ("slices_missing", c_uint64),
    ("slice_min", c_uint64),
    ("slice_mean", c_uint64),
    ("slice_max", c_uint64),
    ("k", c_uint),
    ("m", c_uint),
    ("epoch", c_uint32),
    ("inlined", c_bool),
    ("saved_ms", c_uint64),
    ("expires_ms", c_uint64),
    ("mode", c_uint),
    ("meta_size", c_uint64),
    ("namespace_", c_char_p),
    ("name", c_char_p),
    ("owner", c_char_p),
    ("group", c_char_p),
    ("type", c_char_p),
    ("meta", c_void_p),
]

ouro_list_options._fields_ = [
    ("size", c_size_t),
    ("namespace_", c_char_p),
    ("prefix", c_char_p),
    ("detail", c_bool),
    ("after", c_char_p),
    ("reverse", c_bool),
    ("names_only", c_bool),
]

ouro_version._fields_ = [
    ("id", c_uint8 * (OURO_ID_SIZE)),
    ("content", c_uint8 * (OURO_ID_SIZE)),
    ("deletion", c_bool),
    ("expired", c_bool),
    ("head", c_bool),
    ("winner", c_bool),
    ("stamp", c_uint64),
    ("saved_ms", c_uint64),
    ("expires_ms", c_uint64),
    ("uuid", c_uint8 * (16)),
    ("mode", c_uint),
    ("previous", POINTER(c_uint8 * (OURO_ID_SIZE))),
    ("previous_count", c_size_t),
    ("namespace_", c_char_p),
    ("path", c_char_p),
    ("owner", c_char_p),
    ("group", c_char_p),
    ("writer", c_char_p),
]

ouro_version_options._fields_ = [
    ("size", c_size_t),
    ("namespace_", c_char_p),
    ("path", c_char_p),
    ("content", POINTER(c_uint8)),
    ("base", c_int),
    ("base_versions", POINTER(c_uint8 * (OURO_ID_SIZE))),
    ("base_count", c_size_t),
    ("owner", c_char_p),
    ("group", c_char_p),
    ("mode", c_uint),
    ("saved_ms", c_uint64),
    ("expires_ms", c_uint64),
]

ouro_setting._fields_ = [
    ("name", c_char_p),
    ("text", c_char_p),
    ("value", c_uint64),
    ("standard", c_uint64),
    ("least", c_uint64),
    ("most", c_uint64),
    ("is_set", c_bool),
]

ouro_trashed._fields_ = [
    ("version", ouro_version),
    ("dropped_ms", c_uint64),
]

ouro_kept._fields_ = [
    ("reason", c_int),
    ("id", c_uint8 * (OURO_ID_SIZE)),
    ("count", c_uint64),
]

ouro_remove_options._fields_ = [
    ("size", c_size_t),
    ("force", c_bool),
]

ouro_remove_result._fields_ = [
    ("versions", c_uint64),
    ("contents", c_uint64),
    ("chunks_kept", c_uint64),
    ("slices_kept", c_uint64),
    ("chunks_free", c_uint64),
    ("uncounted", c_bool),
]

ouro_gc_result._fields_ = [
    ("contents", c_uint64),
    ("pages", c_uint64),
    ("chunks", c_uint64),
    ("slices", c_uint64),
    ("bytes", c_uint64),
]

ouro_finding._fields_ = [
    ("part", c_int),
    ("state", c_int),
    ("has_id", c_bool),
    ("id", c_uint8 * (OURO_ID_SIZE)),
    ("file", c_char_p),
    ("offset", c_uint64),
    ("text", c_char_p),
]

ouro_care_result._fields_ = [
    ("contents", c_uint64),
    ("contents_ok", c_uint64),
    ("contents_degraded", c_uint64),
    ("contents_lost", c_uint64),
    ("chunks", c_uint64),
    ("chunks_degraded", c_uint64),
    ("chunks_lost", c_uint64),
    ("slices", c_uint64),
    ("slices_bad", c_uint64),
    ("records", c_uint64),
    ("records_bad", c_uint64),
    ("repaired", c_uint64),
    ("files_bad", c_uint64),
]

ouro_care_options._fields_ = [
    ("size", c_size_t),
    ("content", POINTER(c_uint8)),
    ("rebuild_index", c_bool),
    ("progress", ouro_progress),
    ("report", ouro_finding_report),
    ("context", c_void_p),
]

ouro_stats._fields_ = [
    ("contents", c_uint64),
    ("versions", c_uint64),
    ("names", c_uint64),
    ("pages", c_uint64),
    ("chunks", c_uint64),
    ("slices", c_uint64),
    ("bytes", c_uint64),
    ("bytes_unique", c_uint64),
    ("bytes_sealed", c_uint64),
    ("bytes_disk", c_uint64),
    ("bytes_dead", c_uint64),
    ("segments", c_uint64),
    ("lanes", c_uint64),
    ("free_space", c_uint64),
    ("memory", c_uint64),
    ("damaged", c_uint64),
    ("epoch", c_uint32),
    ("members", c_uint64),
    ("k", c_uint),
    ("m", c_uint),
]

ouro_member._fields_ = [
    ("fingerprint", c_char * (33)),
    ("label", c_char * (OURO_LABEL_MAX + 1)),
    ("kind", c_int),
    ("added_ms", c_uint64),
    ("self", c_bool),
]

ouro_share_options._fields_ = [
    ("size", c_size_t),
    ("tree", c_bool),
]

ouro_share_result._fields_ = [
    ("grants", c_uint64),
    ("there", c_uint64),
    ("bytes", c_uint64),
    ("fingerprint", c_char * (33)),
]

ouro_grant._fields_ = [
    ("content", c_uint8 * (OURO_ID_SIZE)),
    ("fingerprint", c_char * (33)),
    ("made_ms", c_uint64),
    ("public_key", c_char_p),
]

ouro_unshare_options._fields_ = [
    ("size", c_size_t),
    ("tree", c_bool),
    ("reseal", c_bool),
]

ouro_unshare_result._fields_ = [
    ("grants", c_uint64),
    ("chunks_resealed", c_uint64),
    ("chunks_shared", c_uint64),
]

ouro_bundle_item._fields_ = [
    ("content", c_uint8 * (OURO_ID_SIZE)),
    ("parent", c_uint8 * (OURO_ID_SIZE)),
    ("has_parent", c_bool),
    ("bytes", c_uint64),
    ("type", c_char_p),
    ("meta", c_void_p),
    ("meta_size", c_size_t),
]

ouro_export_options._fields_ = [
    ("size", c_size_t),
    ("namespace_", c_char_p),
    ("path", c_char_p),
    ("root", POINTER(c_uint8)),
    ("progress", ouro_progress),
    ("context", c_void_p),
    ("begun", ouro_source),
    ("begun_context", c_void_p),
    ("kept", POINTER(c_uint64)),
]

ouro_export_result._fields_ = [
    ("versions", c_uint64),
    ("contents", c_uint64),
    ("pages", c_uint64),
    ("chunks", c_uint64),
    ("bytes", c_uint64),
]

ouro_import_options._fields_ = [
    ("size", c_size_t),
    ("as_new", c_bool),
    ("progress", ouro_progress),
    ("removed", ouro_each_version),
    ("context", c_void_p),
]

ouro_import_result._fields_ = [
    ("versions", c_uint64),
    ("versions_there", c_uint64),
    ("versions_removed", c_uint64),
    ("versions_new", c_uint64),
    ("versions_dropped", c_uint64),
    ("heads_trashed", c_uint64),
    ("contents", c_uint64),
    ("pages", c_uint64),
    ("chunks", c_uint64),
    ("bytes", c_uint64),
]

# name: (result, arguments)
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "ouro_status_text": (c_char_p, [c_int]),
    "ouro_version": (c_char_p, []),
    "ouro_store_open": (c_int, [c_char_p, POINTER(ouro_store_options), POINTER(POINTER(ouro_store)), POINTER(ouro_error)]),
    "ouro_store_close": (None, [POINTER(ouro_store)]),
    "ouro_store_get": (c_int, [POINTER(ouro_store), c_void_p, c_size_t, POINTER(ouro_value), POINTER(ouro_error)]),
    "ouro_value_release": (None, [POINTER(ouro_value)]),
    "ouro_store_read": (c_int, [POINTER(ouro_store), c_void_p, c_size_t, c_void_p, c_size_t, POINTER(c_size_t), POINTER(ouro_error)]),
    "ouro_store_has": (c_int, [POINTER(ouro_store), c_void_p, c_size_t, POINTER(c_size_t), POINTER(ouro_error)]),
    "ouro_scan_open": (c_int, [POINTER(ouro_store), POINTER(ouro_range), POINTER(POINTER(ouro_scan)), POINTER(ouro_error)]),
    "ouro_scan_next": (c_int, [POINTER(ouro_scan), POINTER(ouro_item), POINTER(ouro_error)]),
    "ouro_scan_close": (None, [POINTER(ouro_scan)]),
    "ouro_store_put": (c_int, [POINTER(ouro_store), c_void_p, c_size_t, c_void_p, c_size_t, c_int, POINTER(ouro_error)]),
    "ouro_store_delete": (c_int, [POINTER(ouro_store), c_void_p, c_size_t, c_int, POINTER(ouro_error)]),
    "ouro_store_batch_new": (POINTER(ouro_store_batch), []),
    "ouro_store_batch_free": (None, [POINTER(ouro_store_batch)]),
    "ouro_store_batch_clear": (None, [POINTER(ouro_store_batch)]),
    "ouro_store_batch_count": (c_size_t, [POINTER(ouro_store_batch)]),
    "ouro_store_batch_put": (c_int, [POINTER(ouro_store_batch), c_void_p, c_size_t, c_void_p, c_size_t, POINTER(ouro_error)]),
    "ouro_store_batch_delete": (c_int, [POINTER(ouro_store_batch), c_void_p, c_size_t, POINTER(ouro_error)]),
    "ouro_store_batch_put_if_absent": (c_int, [POINTER(ouro_store_batch), c_void_p, c_size_t, c_void_p, c_size_t, POINTER(ouro_error)]),
    "ouro_store_batch_put_if_equal": (c_int, [POINTER(ouro_store_batch), c_void_p, c_size_t, c_void_p, c_size_t, c_void_p, c_size_t, POINTER(ouro_error)]),
    "ouro_store_batch_delete_if_equal": (c_int, [POINTER(ouro_store_batch), c_void_p, c_size_t, c_void_p, c_size_t, POINTER(ouro_error)]),
    "ouro_store_write": (c_int, [POINTER(ouro_store), POINTER(ouro_store_batch), c_int, POINTER(ouro_error)]),
    "ouro_store_barrier": (c_int, [POINTER(ouro_store), POINTER(ouro_error)]),
    "ouro_store_verify": (c_int, [POINTER(ouro_store), ouro_store_damage_report, c_void_p, POINTER(ouro_error)]),
    "ouro_store_repair": (c_int, [POINTER(ouro_store), ouro_store_damage_report, c_void_p, POINTER(ouro_error)]),
    "ouro_store_compact": (c_int, [POINTER(ouro_store), c_double, POINTER(c_uint64), POINTER(ouro_error)]),
    "ouro_store_snapshot": (c_int, [POINTER(ouro_store), POINTER(ouro_error)]),
    "ouro_store_backup": (c_int, [POINTER(ouro_store), c_char_p, ouro_progress, c_void_p, POINTER(ouro_error)]),
    "ouro_store_stats": (c_int, [POINTER(ouro_store), POINTER(ouro_store_stats), POINTER(ouro_error)]),
    "ouro_vault_open": (c_int, [c_char_p, POINTER(ouro_vault_options), POINTER(POINTER(ouro_vault)), POINTER(ouro_error)]),
    "ouro_vault_close": (None, [POINTER(ouro_vault)]),
    "ouro_vault_is_new": (c_bool, [POINTER(ouro_vault)]),
    "ouro_vault_key_file": (c_char_p, [POINTER(ouro_vault)]),
    "ouro_vault_data_path": (c_char_p, [POINTER(ouro_vault), c_size_t]),
    "ouro_id_text": (None, [c_char_p, POINTER(c_char)]),
    "ouro_resolve": (c_int, [POINTER(ouro_vault), c_char_p, POINTER(ouro_target), POINTER(ouro_error)]),
    "ouro_put_begin": (c_int, [POINTER(ouro_vault), POINTER(ouro_put_options), POINTER(POINTER(ouro_put)), POINTER(ouro_error)]),
    "ouro_put_write": (c_int, [POINTER(ouro_put), c_void_p, c_size_t, POINTER(ouro_error)]),
    "ouro_put_finish": (c_int, [POINTER(ouro_put), POINTER(ouro_put_result), POINTER(ouro_error)]),
    "ouro_put_abort": (None, [POINTER(ouro_put)]),
    "ouro_batch_begin": (c_int, [POINTER(ouro_vault), POINTER(POINTER(ouro_batch)), POINTER(ouro_error)]),
    "ouro_batch_finish_put": (c_int, [POINTER(ouro_batch), POINTER(ouro_put), POINTER(ouro_put_result), POINTER(ouro_error)]),
    "ouro_batch_content": (c_int, [POINTER(ouro_batch), POINTER(c_uint8), POINTER(ouro_error)]),
    "ouro_batch_version": (c_int, [POINTER(ouro_batch), POINTER(ouro_version_options), POINTER(c_uint8), POINTER(ouro_error)]),
    "ouro_batch_commit": (c_int, [POINTER(ouro_batch), POINTER(ouro_error)]),
    "ouro_batch_abort": (None, [POINTER(ouro_batch)]),
    "ouro_get_open": (c_int, [POINTER(ouro_vault), c_char_p, POINTER(POINTER(ouro_get)), POINTER(ouro_error)]),
    "ouro_get_size": (c_uint64, [POINTER(ouro_get)]),
    "ouro_get_read": (c_int, [POINTER(ouro_get), c_void_p, c_size_t, POINTER(c_size_t), POINTER(ouro_error)]),
    "ouro_get_next": (c_int, [POINTER(ouro_get), c_size_t, POINTER(c_void_p), POINTER(c_size_t), POINTER(ouro_error)]),
    "ouro_get_seek": (c_int, [POINTER(ouro_get), c_uint64, POINTER(ouro_error)]),
    "ouro_get_prefetch": (None, [POINTER(ouro_get)]),
    "ouro_get_close": (None, [POINTER(ouro_get)]),
    "ouro_get_whole": (c_int, [POINTER(ouro_vault), c_char_p, c_size_t, POINTER(c_void_p), POINTER(c_size_t), POINTER(ouro_error)]),
    "ouro_get_batch": (c_int, [POINTER(ouro_vault), POINTER(c_uint8 * (OURO_ID_SIZE)), c_size_t, c_size_t, ouro_each_whole, c_void_p, POINTER(c_size_t), POINTER(ouro_error)]),
    "ouro_info": (c_int, [POINTER(ouro_vault), c_char_p, POINTER(ouro_info), POINTER(ouro_error)]),
    "ouro_info_brief": (c_int, [POINTER(ouro_vault), c_char_p, POINTER(ouro_info), POINTER(ouro_error)]),
    "ouro_info_release": (None, [POINTER(ouro_info)]),
    "ouro_exists": (c_int, [POINTER(ouro_vault), c_char_p, POINTER(ouro_error)]),
    "ouro_list_open": (c_int, [POINTER(ouro_vault), POINTER(ouro_list_options), POINTER(POINTER(ouro_list)), POINTER(ouro_error)]),
    "ouro_list_next": (c_int, [POINTER(ouro_list), POINTER(ouro_info), POINTER(ouro_error)]),
    "ouro_list_close": (None, [POINTER(ouro_list)]),
    "ouro_children": (c_int, [POINTER(ouro_vault), c_char_p, c_char_p, ouro_each_id, c_void_p, POINTER(ouro_error)]),
    "ouro_parent": (c_int, [POINTER(ouro_vault), c_char_p, POINTER(c_uint8), POINTER(ouro_error)]),
    "ouro_ancestors": (c_int, [POINTER(ouro_vault), c_char_p, ouro_each_id, c_void_p, POINTER(ouro_error)]),
    "ouro_descendants": (c_int, [POINTER(ouro_vault), c_char_p, ouro_each_node, c_void_p, POINTER(ouro_error)]),
    "ouro_roots": (c_int, [POINTER(ouro_vault), c_char_p, ouro_each_id, c_void_p, POINTER(ouro_error)]),
    "ouro_version_release": (None, [POINTER(ouro_version)]),
    "ouro_version_get": (c_int, [POINTER(ouro_vault), c_char_p, POINTER(ouro_version), POINTER(ouro_error)]),
    "ouro_name_read": (c_int, [POINTER(ouro_vault), c_char_p, c_char_p, POINTER(c_uint8), POINTER(c_uint8), POINTER(ouro_error)]),
    "ouro_heads": (c_int, [POINTER(ouro_vault), c_char_p, c_char_p, ouro_each_version, c_void_p, POINTER(ouro_error)]),
    "ouro_history": (c_int, [POINTER(ouro_vault), c_char_p, c_char_p, ouro_each_version, c_void_p, POINTER(ouro_error)]),
    "ouro_version_put": (c_int, [POINTER(ouro_vault), POINTER(ouro_version_options), POINTER(c_uint8), POINTER(ouro_error)]),
    "ouro_setting_get": (c_int, [POINTER(ouro_vault), c_char_p, POINTER(ouro_setting), POINTER(ouro_error)]),
    "ouro_setting_set": (c_int, [POINTER(ouro_vault), c_char_p, c_uint64, POINTER(ouro_error)]),
    "ouro_setting_name": (c_char_p, [c_size_t]),
    "ouro_trash_list": (c_int, [POINTER(ouro_vault), ouro_each_trashed, c_void_p, POINTER(ouro_error)]),
    "ouro_trash_restore": (c_int, [POINTER(ouro_vault), c_char_p, POINTER(c_uint8), POINTER(ouro_error)]),
    "ouro_remove": (c_int, [POINTER(ouro_vault), POINTER(ouro_target), POINTER(ouro_remove_options), ouro_kept_report, c_void_p, POINTER(ouro_remove_result), POINTER(ouro_error)]),
    "ouro_gc": (c_int, [POINTER(ouro_vault), ouro_progress, c_void_p, POINTER(ouro_gc_result), POINTER(ouro_error)]),
    "ouro_verify": (c_int, [POINTER(ouro_vault), POINTER(ouro_care_options), POINTER(ouro_care_result), POINTER(ouro_error)]),
    "ouro_repair": (c_int, [POINTER(ouro_vault), POINTER(ouro_care_options), POINTER(ouro_care_result), POINTER(ouro_error)]),
    "ouro_stats": (c_int, [POINTER(ouro_vault), POINTER(ouro_stats), POINTER(ouro_error)]),
    "ouro_keys_list": (c_int, [POINTER(ouro_vault), ouro_each_member, c_void_p, POINTER(ouro_error)]),
    "ouro_keys_epoch": (c_uint32, [POINTER(ouro_vault), POINTER(c_uint64)]),
    "ouro_keys_export": (c_int, [POINTER(ouro_vault), POINTER(c_char), POINTER(ouro_error)]),
    "ouro_keys_import": (c_int, [POINTER(ouro_vault), c_char_p, c_char_p, POINTER(ouro_error)]),
    "ouro_keys_passphrase": (c_int, [POINTER(ouro_vault), c_char_p, POINTER(ouro_error)]),
    "ouro_keys_rotate": (c_int, [POINTER(ouro_vault), POINTER(ouro_error)]),
    "ouro_keys_remove": (c_int, [POINTER(ouro_vault), c_char_p, POINTER(ouro_error)]),
    "ouro_key_public": (c_int, [c_char_p, c_char_p, POINTER(c_char_p), POINTER(ouro_error)]),
    "ouro_key_make": (c_int, [c_char_p, c_char_p, POINTER(ouro_error)]),
    "ouro_share": (c_int, [POINTER(ouro_vault), c_char_p, c_char_p, POINTER(ouro_share_options), POINTER(ouro_share_result), POINTER(ouro_error)]),
    "ouro_grants": (c_int, [POINTER(ouro_vault), c_char_p, c_char_p, ouro_each_grant, c_void_p, POINTER(ouro_error)]),
    "ouro_unshare": (c_int, [POINTER(ouro_vault), c_char_p, c_char_p, POINTER(ouro_unshare_options), POINTER(ouro_unshare_result), POINTER(ouro_error)]),
    "ouro_bundle_write": (c_int, [POINTER(ouro_vault), c_char_p, c_char_p, ouro_sink, c_void_p, POINTER(ouro_error)]),
    "ouro_bundle_open": (c_int, [c_char_p, c_char_p, c_char_p, POINTER(POINTER(ouro_bundle)), POINTER(ouro_error)]),
    "ouro_bundle_close": (None, [POINTER(ouro_bundle)]),
    "ouro_bundle_list": (c_int, [POINTER(ouro_bundle), ouro_each_bundle_item, c_void_p, POINTER(ouro_error)]),
    "ouro_bundle_read": (c_int, [POINTER(ouro_bundle), c_char_p, ouro_sink, c_void_p, POINTER(ouro_error)]),
    "ouro_export": (c_int, [POINTER(ouro_vault), POINTER(ouro_export_options), ouro_sink, c_void_p, POINTER(ouro_export_result), POINTER(ouro_error)]),
    "ouro_import": (c_int, [POINTER(ouro_vault), POINTER(ouro_import_options), ouro_source, c_void_p, POINTER(ouro_import_result), POINTER(ouro_error)]),
    "ouro_import_new": (c_int, [c_char_p, POINTER(ouro_vault_options), POINTER(ouro_import_options), ouro_source, c_void_p, POINTER(ouro_import_result), POINTER(POINTER(ouro_vault)), POINTER(ouro_error)]),
    "ouro_blind_care": (c_int, [c_char_p, POINTER(c_char_p), c_size_t, c_bool, POINTER(ouro_care_options), POINTER(ouro_care_result), POINTER(ouro_error)]),
}

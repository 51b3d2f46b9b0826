"""OuroborosDB: a store for data that must not be lost.

`Vault` keeps content by hash: deduplicated, compressed, encrypted, erasure-coded,
under names that keep their versions. `Store` is the ordered, durable map from
bytes to bytes below it. What is said here in short, ouroboros.h says in full.
"""
from ._abi import Base, Kind, LogLevel, MemberKind, Part, Reason, State, Status, Sync
from ._errors import (Ambiguous, Cancelled, Conflict, CryptoFailure, Damaged, Error, Exists,
                      Invalid, IOFailure, Locked, NoMemory, NoSpace, NotFound, ReadOnly,
                      Refused, TooLarge, Unreachable, Unsupported, WrongKey)
from ._library import library_version
from ._values import (BundleItem, Finding, Grant, Id, Info, Kept, Member, Node, PutResult,
                      Setting, Shared, StoreDamage, Target, Trashed, Version)
from .store import Scan, Store, StoreBatch
from .vault import Batch, Bundle, Reader, Vault, Writer, make_key, public_key

__version__ = "0.1.0"

__all__ = [
    "Ambiguous", "Base", "Batch", "Bundle", "BundleItem", "Cancelled", "Conflict", "CryptoFailure", "Damaged", "Error",
    "Exists", "Finding", "Grant", "IOFailure", "Id", "Info", "Invalid", "Kept", "Kind",
    "Locked", "LogLevel", "Member", "MemberKind", "NoMemory", "NoSpace", "Node", "NotFound",
    "Part", "PutResult", "ReadOnly", "Reader", "Reason", "Refused", "Scan", "Setting", "Shared", "State",
    "Status", "Store", "StoreBatch", "StoreDamage", "Sync", "Target", "TooLarge", "Trashed",
    "Unreachable", "Unsupported", "Vault", "Version", "Writer", "WrongKey", "library_version",
    "make_key", "public_key",
]

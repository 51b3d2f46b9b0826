"""One exception for each status, with the library's sentence."""
from __future__ import annotations

from typing import TYPE_CHECKING

from ._abi import Status

if TYPE_CHECKING:
    from ._values import Kept, Target


class Error(Exception):
    """What a call of the library answered instead of OURO_OK."""

    status = Status.OK

    def __init__(self, text: str, sys_errno: int = 0):
        super().__init__(text)
        self.text = text
        self.sys_errno = sys_errno  # of the failed system call, or 0

    def __str__(self) -> str:  # KeyError would put it in quotes
        return self.text


class NotFound(Error, KeyError):
    status = Status.NOT_FOUND


class Invalid(Error, ValueError):
    status = Status.INVALID


class Ambiguous(Error):
    status = Status.AMBIGUOUS
    target: Target | None = None  # with the candidates


class Damaged(Error):
    status = Status.DAMAGED


class Refused(Error):
    status = Status.REFUSED
    reasons: list[Kept] = []


class Locked(Error):
    status = Status.LOCKED


class NoSpace(Error):
    status = Status.NO_SPACE


class ReadOnly(Error):
    status = Status.READ_ONLY


class IOFailure(Error):
    status = Status.IO


class NoMemory(Error, MemoryError):
    status = Status.NO_MEMORY


class WrongKey(Error):
    status = Status.WRONG_KEY


class Unsupported(Error):
    status = Status.UNSUPPORTED


class Conflict(Error):
    status = Status.CONFLICT


class Cancelled(Error):
    status = Status.CANCELLED


class Exists(Error):
    status = Status.EXISTS


class TooLarge(Error):
    status = Status.TOO_LARGE


class Unreachable(Error):
    status = Status.UNREACHABLE


class CryptoFailure(Error):
    status = Status.CRYPTO


_BY_STATUS: dict[int, type[Error]] = {c.status: c for c in Error.__subclasses__()}


def error_of(status: int, text: str, sys_errno: int) -> Error:
    """Also for a status that a newer library has."""
    return _BY_STATUS.get(status, Error)(text, sys_errno)

"""An engine (FORMAT.md section 10), read from its segments alone."""

import os
import re
import struct

from primitives import Damaged, crc32, equal, gcm_open, hkdf, need, sha256, zstd_unpack

MAGIC = b"\xf0\xf1"
OLD_SET, OLD_DELETE = 1, 2
HEADER, PUT, DELETE, BATCH, DROPPED, PACKED = 10, 11, 12, 13, 14, 15
KEY_MOST, VALUE_MOST, BATCH_MOST = 4096, 64 << 20, 256 << 20
HEAD = 27  # bytes of a record before the session or the key
SUB_HEAD = 9
SEALED, COPIES = 1, 2
NEVER = 1 << 63


class Operation:
    """A put (value), a delete (None), or a list of dropped segments."""

    __slots__ = ("sequence", "key", "value", "dropped")

    def __init__(self, sequence, key, value, dropped=None):
        self.sequence, self.key, self.value, self.dropped = sequence, key, value, dropped


def _value(op, value):
    if op == DELETE:
        need(not value, "a delete with a value")
        return None
    if op != PACKED:
        return value
    need(len(value) > 4, "a packed value is cut short")
    size = struct.unpack_from("<I", value)[0]
    need(size <= VALUE_MOST, "a packed value is too large")
    clear = zstd_unpack(value[4:], size)
    need(clear is not None, "a packed value does not unpack")
    return clear


class Segment:
    """A file: its header, and its records one after the other."""

    def __init__(self, path, number, name, engine_key):
        with open(path, "rb") as file:
            self.data = file.read()
        self.path, self.number, self.keys = path, number, {}
        self.engine_key = engine_key
        self.old = self.data[:2] == MAGIC and self.data[2:3] in (b"\x01", b"\x02")
        if self.old:
            need(engine_key is None, f"{path}: foreign")
            self.start, self.flags, self.others, self.logged = 0, 0, [], False
            return
        self._read_header(name)
        self.logged = not self.flags & COPIES

    def _read_header(self, name):
        data = self.data
        need(len(data) >= 83 and data[:3] == MAGIC + bytes([HEADER]), f"{self.path}: no header")
        key_size, value_size, version, self.id = struct.unpack_from("<IIIQ", data, 3)
        self.salt = data[23:39]
        self.made, self.first, self.flags = struct.unpack_from("<QQI", data, 39)
        check, count = data[59:75], struct.unpack_from("<I", data, 75)[0]
        need(count <= 1 << 20 and key_size == 0 and value_size == 68 + 8 * count, f"{self.path}: header")
        end = 79 + 8 * count
        need(len(data) >= end + 4, f"{self.path}: header")
        need(struct.unpack_from("<I", data, end)[0] == crc32(data[2:end]), f"{self.path}: header")
        need(version == 1 and self.id == self.number, f"{self.path}: another format or number")
        self.others = list(struct.unpack_from(f"<{count}Q", data, 79))
        self.start = end + 4
        if self.engine_key is None:
            need(not self.flags & SEALED and check == bytes(16), f"{self.path}: sealed")
            return
        need(self.flags & SEALED, f"{self.path}: foreign")
        info = b"ouroboros segment check 1" + sha256(data[:59] + data[79:end] + name.encode())
        need(equal(check, hkdf(self.engine_key, info, self.salt, 16)), f"{self.path}: foreign")

    def _key(self, session):
        if session not in self.keys:
            info = b"ouroboros segment 1" + session
            self.keys[session] = hkdf(self.engine_key, info, self.salt)
        return self.keys[session]

    def _open(self, session, sequence, additional, sealed, tag):
        nonce = struct.pack("<QI", sequence, 0)
        clear = gcm_open(self._key(session), nonce, additional, sealed, tag)
        need(clear is not None, "a seal does not open")
        return clear

    def _old_record(self, at):
        need(len(self.data) - at >= 15 and self.data[at : at + 2] == MAGIC, "no record")
        op, k, v = struct.unpack_from("<BII", self.data, at + 2)
        need(op in (OLD_SET, OLD_DELETE) and 1 <= k <= KEY_MOST and v <= VALUE_MOST, "no record")
        end = at + 11 + k + v
        need(len(self.data) >= end + 4, "no record")
        need(struct.unpack_from("<I", self.data, end)[0] == crc32(self.data[at + 2 : end]), "checksum")
        key, value = self.data[at + 11 : at + 11 + k], self.data[at + 11 + k : end]
        return [Operation(0, key, None if op == OLD_DELETE else value)], 0, end + 4

    def record(self, at):
        """(operations, durable-through, end) of the record at an offset."""
        data = self.data
        if self.old:
            return self._old_record(at)
        need(len(data) - at >= HEAD + 4 and data[at : at + 2] == MAGIC, "no record")
        op, k, v, sequence, through = struct.unpack_from("<BIIQQ", data, at + 2)
        need(op in (PUT, DELETE, BATCH, DROPPED, PACKED), "no record")
        need(1 <= sequence < 1 << 63, "sequence")
        need(self.flags & COPIES or through < sequence, "durable-through")
        body = at + HEAD + (16 if self.engine_key else 0)
        tag = 16 if self.engine_key and op != BATCH else 0
        if op == BATCH:
            need(1 <= k and v <= BATCH_MOST, "batch")
            end = body + v
        elif op == DROPPED:
            need(k == 0 and v % 8 == 0 and v <= 8 << 17, "dropped")
            end = body + v + tag
        else:
            need(1 <= k <= KEY_MOST and v <= VALUE_MOST, "sizes")
            end = body + k + v + tag
        need(len(data) >= end + 4, "no record")
        crc = crc32(self.salt, memoryview(data)[at + 2 : end])
        need(struct.unpack_from("<I", data, end)[0] == crc, "checksum")
        session = data[at + HEAD : body]
        if op == BATCH:
            return self._batch(session, k, sequence, through, body, end), through, end + 4
        content = data[body : end - tag]
        if tag:
            additional = struct.pack("<BIIQQ", op, k, v, sequence, through)
            content = self._open(session, sequence, additional, content, data[end - tag : end])
        if op == DROPPED:
            dropped = list(struct.unpack(f"<{v // 8}Q", content))
            return [Operation(sequence, None, None, dropped)], through, end + 4
        return [Operation(sequence, content[:k], _value(op, content[k:]))], through, end + 4

    def _batch(self, session, count, first, through, at, end):
        data, operations, tag = self.data, [], 16 if self.engine_key else 0
        for sequence in range(first, first + count):
            need(end - at >= SUB_HEAD, "batch")
            op, k, v = struct.unpack_from("<BII", data, at)
            need(op in (PUT, DELETE, PACKED) and 1 <= k <= KEY_MOST and v <= VALUE_MOST, "batch")
            body, last = at + SUB_HEAD, at + SUB_HEAD + k + v + tag
            need(last + 4 <= end, "batch")
            crc = crc32(self.salt, struct.pack("<Q", sequence), memoryview(data)[at:last])
            need(struct.unpack_from("<I", data, last)[0] == crc, "checksum")
            content = data[body : last - tag]
            if tag:
                additional = struct.pack("<BIIQQQI", op, k, v, sequence, through, first, count)
                content = self._open(session, sequence, additional, content, data[last - tag : last])
            operations.append(Operation(sequence, content[:k], _value(op, content[k:])))
            at = last + 4
        need(at == end, "batch")
        return operations

    def walk(self):
        """Yields (offset, end, operations or None, durable-through); None
        where no record begins, up to the next that does."""
        data, at = self.data, self.start
        size = len(data.rstrip(b"\0"))
        while at < size:
            try:
                operations, through, end = self.record(at)
                yield at, end, operations, through
            except Damaged:
                end = self._next(at + 1)
                yield at, end, None, 0
            at = end

    def _next(self, at):
        while True:
            at = self.data.find(MAGIC, at)
            if at < 0:
                return len(self.data)
            try:
                self.record(at)
                return at
            except Damaged:
                at += 1


class Engine:
    """rows: key -> (sequence, value); a value of None is a tombstone.
    damage: sentences. lost: the highest sequence known to be lost, or 0."""

    def __init__(self, directory, name=None, engine_key=None):
        self.directory, self.rows, self.damage, self.lost = directory, {}, [], 0
        segments = self._segments(name, engine_key)
        self.places = {s.number: list(s.walk()) for s in segments}
        through = [place[3] for places in self.places.values() for place in places]
        self.mark = max(through, default=0)
        self.cut = NEVER
        self.cut = self._cut(segments)
        gone = self._gone(segments)
        self._find_missing(segments, gone)
        segments = [s for s in segments if s.number not in gone]
        self._find_damage(segments)
        for i, segment in enumerate(segments):
            self._take(segment, self._limit(segments, i))

    def _segments(self, name, engine_key):
        numbers = {}
        try:
            files = os.listdir(self.directory)
        except FileNotFoundError:
            self.damage.append(f"{self.directory} is missing")
            files = []
        for file in files:
            match = re.fullmatch(r"segment-(\d{8,})\.dat", file)
            if match:
                numbers[int(match.group(1))] = file
        segments = []
        for number in sorted(numbers):
            try:
                path = os.path.join(self.directory, numbers[number])
                segments.append(Segment(path, number, name, engine_key))
            except Damaged as error:
                self._lose(str(error), NEVER)
        return segments

    def _lose(self, text, sequence):
        self.damage.append(text)
        self.lost = max(self.lost, sequence)

    # ---- what counts
    def _limit(self, segments, i):
        """What the i-th segment has from this sequence on is void."""
        if not segments[i].logged:
            return NEVER
        return min([self.cut] + [s.first for s in segments[i + 1 :] if s.logged])

    def _gaps(self, segments, i):
        """Yields (offset, first, end, certain, bad) for what is missing in a
        segment or behind it: sequences first .. end - 1."""
        segment, limit, bad = segments[i], self._limit(segments, i), None
        expected, size = segment.first, len(segment.data)
        for at, end, operations, _ in self.places[segment.number]:
            if operations is None:
                bad = at if bad is None else bad
                continue
            sequence = operations[0].sequence
            if sequence >= limit:
                break
            if bad is not None or sequence != expected:
                yield bad or at, expected, sequence, False, bad is not None
            bad, expected = None, sequence + len(operations)
        self.next = expected
        later = [s for s in segments[i + 1 :] if s.logged]
        numbers = [s.number for s in segments[i:]]
        count = numbers.index(later[0].number) if later else 0
        whole = bool(later) and later[0].number == segment.number + count
        if expected < limit and (bad is not None or whole):
            yield bad or size, expected, limit, bool(later) and not whole, bad is not None

    def _cut(self, segments):
        """Where the torn tail begins: the least sequence above the mark that
        is missing."""
        cut, named = NEVER, self._gone(segments)
        for i, segment in enumerate(segments):
            if not segment.logged or segment.number in named:
                continue
            for _, first, end, certain, _ in self._gaps(segments, i):
                first = max(first, self.mark + 1)
                if first < end and not certain:
                    cut = min(cut, first)
        return cut

    def _gone(self, segments):
        """Segments that records which count have dropped."""
        gone = set()
        for segment in segments:
            for _, _, operations, _ in self.places[segment.number]:
                for operation in operations or []:
                    if operation.dropped and operation.sequence < self.cut:
                        gone.update(n for n in operation.dropped if n < segment.number)
        return gone

    def _find_missing(self, segments, gone):
        there = {s.number for s in segments} | gone
        for number in sorted({n for s in segments for n in s.others} - there):
            self._lose(f"segment {number} of {self.directory} is missing", NEVER)

    def _find_damage(self, segments):
        self.next = 0
        last = 0
        for i, segment in enumerate(segments):
            if not segment.logged:
                for at, _, operations, _ in self.places[segment.number]:
                    if operations is None and not segment.old:
                        self._lose(f"{segment.path}: damaged at {at}", self.mark)
                continue
            for at, first, end, _, bad in self._gaps(segments, i):
                if first < self.cut and (bad or first < end):
                    what = "damaged" if bad else f"operations {first} to {end - 1} are missing"
                    self._lose(f"{segment.path}: {what} at {at}", min(end - 1, self.mark))
            last = max(last, self.next)
        if 0 < last <= self.mark:
            self._lose(f"{self.directory}: the end of the log is missing", self.mark)

    def _take(self, segment, limit):
        for _, _, operations, _ in self.places[segment.number]:
            for operation in operations or []:
                if operation.dropped is not None or operation.sequence >= limit:
                    continue
                there = self.rows.get(operation.key)
                if there is None or there[0] <= operation.sequence:
                    self.rows[operation.key] = (operation.sequence, operation.value)

    # ---- what is there
    def get(self, key):
        row = self.rows.get(key)
        return row[1] if row else None

    def items(self, prefix=b""):
        """Live rows in the order of their keys."""
        for key in sorted(self.rows):
            if key.startswith(prefix) and self.rows[key][1] is not None:
                yield key, self.rows[key][1]

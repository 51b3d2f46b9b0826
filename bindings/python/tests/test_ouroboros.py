#!/usr/bin/env python3
"""Tests of the binding against the library that $OUROBOROS_LIBRARY names.

$OUROBOROS_LAYOUT is a file with what `scripts/abi.py layout` prints. Prints a
line `ok NAME` or `not ok NAME` for each test.
"""
import contextlib
import ctypes
import gc
import io
import os
import random
import re
import shutil
import sys
import tempfile
import threading
import traceback
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import ouroboros  # noqa: E402
from ouroboros import _abi, _library  # noqa: E402


class Case(unittest.TestCase):
    def setUp(self):
        self.work = Path(tempfile.mkdtemp(prefix="ouroboros-python-"))
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)

    def store(self, **options):
        store = ouroboros.Store(self.work / "book", **options)
        self.addCleanup(store.close)
        return store

    def vault(self, **options):
        vault = ouroboros.Vault(self.work / "vault", **options)
        self.addCleanup(vault.close)
        return vault

    def damage(self, pattern):
        """Changes the middle of each file that fits."""
        for path in (self.work / "vault").glob(pattern):
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 255
            path.write_bytes(data)


class Abi(Case):
    """The mirror of the header against the C compiler."""

    def lines(self, word):
        text = Path(os.environ["OUROBOROS_LAYOUT"]).read_text()
        found = [line.split() for line in text.splitlines() if line.startswith(word + " ")]
        self.assertGreater(len(found), 3, "the layout is empty")
        return found

    def test_structs_have_the_sizes_of_c(self):
        structs = self.lines("struct")
        for _, name, _, size, _, align in structs:
            mirror = getattr(_abi, name)
            self.assertEqual(ctypes.sizeof(mirror), int(size), name)
            self.assertEqual(ctypes.alignment(mirror), int(align), name)
        mirrored = {n for n, v in vars(_abi).items() if isinstance(v, type)
                    and issubclass(v, ctypes.Structure) and hasattr(v, "_fields_")}
        self.assertEqual(mirrored - {"Structure"}, {line[1] for line in structs})

    def test_fields_lie_where_c_has_them(self):
        for line in self.lines("field"):
            struct, field = line[1].split(".")
            mirror = getattr(getattr(_abi, struct), field)
            self.assertEqual(mirror.offset, int(line[3]), line[1])
            self.assertEqual(mirror.size, int(line[5].rstrip(":")), line[1])

    def test_constants_and_values_are_those_of_c(self):
        for _, name, value in self.lines("constant"):
            self.assertEqual(getattr(_abi, name), int(value), name)
        values = {int(v) for _, n, v in self.lines("value")}
        mirrored = {int(v) for c in vars(_abi).values() if isinstance(c, type)
                    and issubclass(c, _abi.IntEnum) for v in c}
        self.assertEqual(mirrored, values)
        for _, name, _, size in self.lines("enum"):
            self.assertEqual(int(size), ctypes.sizeof(ctypes.c_int), name)

    def test_functions_have_the_arguments_of_c(self):
        functions = self.lines("function")
        self.assertEqual({line[1].rstrip(":") for line in functions}, set(_abi.FUNCTIONS))
        for line in functions:
            name, text = line[1].rstrip(":"), " ".join(line[2:])
            inner = text[text.index("(") + 1:text.rindex(")")]
            count = len(inner.split(", ")) if inner else 0
            self.assertEqual(len(_abi.FUNCTIONS[name][1]), count, name)

    def test_the_version_is_the_library_s(self):
        self.assertEqual(ouroboros.library_version(), ouroboros.__version__)

    def test_every_status_is_an_exception(self):
        for status in ouroboros.Status:
            if status not in (ouroboros.Status.OK, ouroboros.Status.END):
                error = _library.error_of(status, "why", 7)
                self.assertEqual((type(error).status, str(error), error.sys_errno),
                                 (status, "why", 7))
        self.assertIs(type(_library.error_of(999, "new", 0)), ouroboros.Error)


class StoreCase(Case):
    def test_values_come_back(self):
        with self.store() as store:
            store[b"a"] = b"1"
            store.put(bytearray(b"b\0"), memoryview(b"\0\xff"))
            store[b"empty"] = b""
            self.assertEqual(store[b"a"], b"1")
            self.assertEqual(store.get(b"b\0"), b"\0\xff")
            self.assertEqual(store[b"empty"], b"")
            self.assertIn(b"empty", store)
            self.assertEqual(store.size(b"b\0"), 2)
            self.assertIsNone(store.get(b"none"))
            self.assertNotIn(b"none", store)
            with self.assertRaises(KeyError):
                store[b"none"]
            del store[b"a"]
            with self.assertRaises(KeyError):
                del store[b"a"]
            store.delete(b"a")
            self.assertEqual(list(store), [b"b\0", b"empty"])
        with self.store(must_exist=True, read_only=True) as store:
            self.assertEqual(store.get(b"b\0"), b"\0\xff")
            with self.assertRaises(ouroboros.ReadOnly):
                store[b"x"] = b""
        self.assertRaises(ValueError, store.get, b"x")

    def test_text_is_not_bytes(self):
        store = self.store()
        self.assertRaises(TypeError, store.put, "key", b"")
        self.assertRaises(TypeError, store.put, b"key", "")

    def test_a_scan_shows_one_moment(self):
        store = self.store()
        for i in range(100):
            store.put(b"k%02d" % i, b"%d" % i, ouroboros.Sync.NEVER)
        with store.scan(begin=b"k10", end=b"k20", reverse=True) as scan:
            first = next(scan)
            store.delete(b"k12")
            rest = list(scan)
        self.assertEqual([first.key] + [i.key for i in rest],
                         [b"k%02d" % i for i in range(19, 9, -1)])
        self.assertEqual(rest[-1].value, b"10")
        keys = list(store.scan(prefix=b"k1", keys_only=True))
        self.assertEqual(len(keys), 9)
        self.assertTrue(all(item.value is None for item in keys))

    def test_a_batch_happens_whole_or_not_at_all(self):
        store = self.store()
        with store.batch() as batch:
            batch.put(b"a", b"1")
            batch.put_if_absent(b"b", b"2")
            self.assertEqual(len(batch), 2)
        with self.assertRaises(ouroboros.Conflict) as caught:
            with store.batch() as batch:
                batch.put(b"a", b"changed")
                batch.put_if_equal(b"b", b"3", b"4")
        self.assertIn(b"b".hex(), str(caught.exception))
        with self.assertRaises(ZeroDivisionError):
            with store.batch() as batch:
                batch.delete(b"a")
                1 / 0
        with store.batch() as batch:
            batch.delete_if_equal(b"b", b"2")
        self.assertEqual(dict(store.items()), {b"a": b"1"})

    def test_errors_have_the_library_s_words(self):
        with self.store():
            with self.assertRaises(ouroboros.Locked) as caught:
                ouroboros.Store(self.work / "book")
            self.assertIn("book", str(caught.exception))
        with self.assertRaises(ouroboros.NotFound):
            ouroboros.Store(self.work / "none", must_exist=True)
        with self.assertRaises(ouroboros.TooLarge):
            self.store().put(b"k" * 4097, b"")
        with self.assertRaises(ValueError):  # Invalid is one
            ouroboros.Store(__file__)

    def test_care(self):
        store = self.store(segment_size=1 << 20, compact_share=-1)
        for i in range(300):
            store.put(b"k", os.urandom(10000), ouroboros.Sync.NEVER)
        store.barrier()
        self.assertTrue(store.verify())
        self.assertGreater(store.compact(0.1), 500000)
        store.snapshot()
        seen = []
        store.backup(self.work / "copy", lambda done, total: seen.append(done) or True)
        self.assertTrue(seen)
        with ouroboros.Store(self.work / "copy") as copy:
            self.assertEqual(copy[b"k"], store[b"k"])
        self.assertEqual(store.stats()["keys"], 1)
        with self.assertRaises(ouroboros.Exists):
            store.backup(self.work / "copy")
        with self.assertRaises(ouroboros.Cancelled):
            store.backup(self.work / "third", lambda *_: False)

    def test_damage_is_told(self):
        with self.store() as store:
            store[b"k"] = b"value" * 1000
            store[b"l"] = b"x"
        path = next((self.work / "book").glob("segment-*.dat"))
        data = bytearray(path.read_bytes())
        data[data.index(b"valuevalue") + 100] ^= 1
        path.write_bytes(data)
        store, told = self.store(), []
        self.assertFalse(store.verify(told.append))
        self.assertEqual([d.key for d in told], [b"k"])
        self.assertTrue(told[0].file.endswith(path.name))
        with self.assertRaises(ouroboros.Damaged):
            store.get(b"k")
        with self.assertRaises(ZeroDivisionError):
            store.verify(lambda damage: 1 / 0)

    def test_logs_come_through(self):
        with self.store() as store:
            store[b"k"] = b"value"
        path = sorted((self.work / "book").glob("segment-*.dat"))[-1]
        with open(path, "ab") as file:
            file.write(b"\xf0\xf1 a torn tail")
        lines = []
        with self.store(log=lambda level, text: lines.append((level, text))) as store:
            self.assertEqual(store[b"k"], b"value")
        self.assertIn("torn tail of 14 bytes", lines[0][1])
        self.assertIn(lines[0][0], list(ouroboros.LogLevel))

    def test_many_threads(self):
        store = self.store()

        def work(number):
            for i in range(50):
                store.put(b"%d/%d" % (number, i), b"x" * i)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(list(store)), 400)

    def test_what_is_forgotten_is_closed(self):
        store = self.store()
        for i in range(10):
            store[b"%d" % i] = b""
        scan = store.scan()
        next(scan)
        kept = store.scan()
        store.close()
        self.assertTrue(scan.closed)
        self.assertEqual(list(kept), [])
        loop = [ouroboros.Store(self.work / "loop")]
        loop[0][b"a"] = b""
        loop.append(loop[0].scan())
        loop.append(loop)
        del loop
        gc.collect()
        ouroboros.Store(self.work / "loop").close()  # not locked any more


class VaultCase(Case):
    def test_content_comes_back(self):
        data = random.Random(1).randbytes(3_000_000)
        with self.vault() as vault:
            self.assertTrue(vault.is_new)
            self.assertTrue(Path(vault.key_file).exists())
            result = vault.put(data, type="x/y", meta=b"\0meta")
            self.assertEqual(result.bytes, len(data))
            self.assertEqual(vault.read(result.content), data)
            self.assertEqual(vault.read(str(result.content)[:12]), data)
            again = vault.put(io.BytesIO(data), type="x/y", meta=b"\0meta")
            self.assertEqual((again.content, again.existed, again.chunks_new),
                             (result.content, True, 0))
            info = vault.info(result.content)
            self.assertEqual((info.bytes, info.type, info.meta, info.k, info.m),
                             (len(data), "x/y", b"\0meta", 3, 2))
            self.assertIn(result.content, vault)
            self.assertNotIn(ouroboros.Id(bytes(32)), vault)
            self.assertNotIn("no such name", vault)
            with self.assertRaises(ouroboros.NotFound):
                vault.read(bytes(32))
        self.assertRaises(ValueError, vault.stats)

    def test_many_small_ones_are_read_at_once(self):
        vault = self.vault()
        ids = [vault.put(b"%d" % i).content for i in range(20)]
        self.assertEqual(vault.read_many(ids[::-1]), [b"%d" % i for i in range(19, -1, -1)])
        self.assertEqual(vault.read_many([]), [])
        with self.assertRaises(ouroboros.NotFound):
            vault.read_many(ids + [bytes(32)])
        big = vault.put(bytes(1000)).content
        with self.assertRaises(ouroboros.TooLarge):
            vault.read_many([big], most=10)

    def test_ids_are_bytes_and_text(self):
        id = self.vault().put(b"x").content
        self.assertEqual(ouroboros.Id(str(id)), id)
        self.assertEqual(len(id), 32)
        self.assertEqual(eval(repr(id), {"Id": ouroboros.Id}), id)
        for wrong in ("x", "!" * 44, b"short"):
            self.assertRaises(ouroboros.Invalid, ouroboros.Id, wrong)

    def test_a_reader_is_a_file(self):
        data = bytes(range(256)) * 4000
        vault = self.vault()
        vault.put(data, name="file")
        with vault.open("file") as reader:
            self.assertEqual(reader.size, len(data))
            self.assertEqual(reader.seek(-10, io.SEEK_END), len(data) - 10)
            self.assertEqual(reader.read(), data[-10:])
            reader.seek(500_001)
            self.assertEqual(reader.read(5), data[500_001:500_006])
            self.assertEqual(reader.tell(), 500_006)
            self.assertEqual(reader.seek(4, io.SEEK_CUR), 500_010)
            self.assertRaises(ValueError, reader.seek, -1)
        buffered = io.BufferedReader(vault.open("file"))
        self.assertEqual(buffered.read(1000), data[:1000])
        text = io.TextIOWrapper(io.BufferedReader(vault.open(
            vault.put("zwölf\ndreizehn\n".encode()).content)), "utf-8")
        self.assertEqual(text.readlines(), ["zwölf\n", "dreizehn\n"])
        vault.close()
        self.assertRaises(ValueError, buffered.read, 100000)

    def test_a_writer_streams(self):
        vault = self.vault()
        with vault.writer(name="n") as writer:
            for i in range(100):
                writer.write(bytes([i]) * 10000)
            self.assertRaises(ValueError, lambda: writer.result)
        self.assertEqual(vault.info("n").bytes, 1000000)
        with self.assertRaises(ZeroDivisionError):
            with vault.writer(name="never") as writer:
                writer.write(b"x")
                1 / 0
        self.assertNotIn("never", vault)

    def test_a_batch_is_visible_whole(self):
        vault = self.vault()
        with vault.batch() as batch:
            results = [batch.put(b"%d" % i, name=f"n{i}") for i in range(100)]
            self.assertNotIn("n5", vault)
            self.assertRaises(ValueError, lambda: results[0].content)
        self.assertEqual([vault.read(f"n{i}") for i in range(100)],
                         [b"%d" % i for i in range(100)])
        self.assertEqual(vault.info("n7").content, results[7].content)
        with self.assertRaises(ZeroDivisionError):
            with vault.batch() as batch:
                batch.put(b"x", name="never")
                1 / 0
        self.assertNotIn("never", vault)

    def test_names_are_listed(self):
        vault = self.vault()
        for name in ("a/1", "a/2", "b"):
            vault.put(name.encode(), name=name)
        unnamed = vault.put(b"unnamed").content
        self.assertEqual([i.name for i in vault.entries("a/", namespace="blobs")], ["a/1", "a/2"])
        everything = list(vault.entries())
        self.assertEqual(len(everything), 4)
        self.assertIn(unnamed, [i.content for i in everything])
        left = vault.entries(namespace="blobs")
        next(left)
        vault.close()  # the list is still open
        self.assertRaises(ValueError, next, left)

    def test_removing(self):
        vault = self.vault()
        parent = vault.put(b"parent").content
        vault.put(b"child", name="c", parent=parent)
        with self.assertRaises(ouroboros.Refused) as caught:
            vault.remove(parent)
        self.assertIn(ouroboros.Reason.HAS_CHILDREN,
                      [k.reason for k in caught.exception.reasons])
        self.assertEqual(vault.remove(parent, force=True)["versions"], 1)
        self.assertNotIn(parent, vault)
        self.assertEqual(vault.read("c"), b"child")
        self.assertRaises(ouroboros.NotFound, vault.remove, parent)
        self.assertEqual(vault.remove("c")["contents"], 1)
        vault.gc()
        self.assertEqual(vault.stats()["contents"], 0)

    def test_damage_is_healed(self):
        data = random.Random(2).randbytes(2_000_000)
        with self.vault() as vault:
            content = vault.put(data, name="n").content
        self.damage("lanes/01/segment-*.dat")
        vault, found = self.vault(), []
        fine, numbers = vault.verify(report=found.append)
        self.assertFalse(fine)
        self.assertGreater(numbers["slices_bad"], 0)
        self.assertIn(ouroboros.State.DEGRADED, [f.state for f in found])
        self.assertEqual(vault.read(content), data)
        self.assertTrue(vault.repair()[0])
        self.assertEqual(vault.verify(content)[0], True)
        with self.assertRaises(ouroboros.Cancelled):
            vault.verify(progress=lambda done, total: False)
        with self.assertRaises(ZeroDivisionError):
            vault.verify(report=lambda finding: 1 / 0)

    def test_keys(self):
        with self.vault(passphrase="horse") as vault:
            vault.put(b"x", name="n")
            recovery = vault.recovery_key()
            self.assertEqual(len(vault.members()), 2)
            self.assertEqual([m.self for m in vault.members()].count(True), 1)
            epoch = vault.stats()["epoch"]
            vault.rotate()
            self.assertEqual(vault.stats()["epoch"], epoch + 1)
        self.assertRaises(ouroboros.WrongKey, ouroboros.Vault, self.work / "vault",
                          passphrase="cow")
        with self.vault(recovery_key=recovery) as vault:
            self.assertEqual(vault.read("n"), b"x")

    def test_ambiguous_prefixes_have_candidates(self):
        vault = self.vault()
        with vault.batch() as batch:
            results = [batch.put(b"%d" % i) for i in range(2000)]
        seen = {}
        for result in results:
            text = result.content.hex()[:4]
            if text in seen:
                break
            seen[text] = result.content
        else:
            self.fail("no two hashes begin the same")
        with self.assertRaises(ouroboros.Ambiguous) as caught:
            vault.resolve(text)
        candidates = {id for id, _ in caught.exception.target.candidates}
        self.assertLessEqual({seen[text], result.content}, candidates)


class VersionsCase(Case):
    def heads(self, vault):
        first = vault.put(b"first", name="n").version
        both = [vault.put(text, name="n", base=ouroboros.Base.GIVEN, base_versions=[first]).version
                for text in (b"ada", b"bob")]
        return first, both

    def test_history(self):
        vault = self.vault()
        ids = [vault.put(b"%d" % i, name="n", saved_ms=1000 + i).version for i in range(3)]
        history = vault.history("n")
        self.assertEqual([v.id for v in history], ids[::-1])
        self.assertEqual([v.winner for v in history], [True, False, False])
        self.assertEqual(history[0].previous, (ids[1],))
        self.assertEqual((history[0].path, history[0].namespace, history[0].saved_ms),
                         ("n", "blobs", 1002))
        self.assertEqual(vault.read(ids[1]), b"1")
        self.assertEqual(vault.version(ids[1]).content, vault.info(ids[1]).content)
        self.assertEqual(vault.name("n"), (history[0].content, ids[2]))
        with self.assertRaises(ouroboros.NotFound):
            vault.history("none")

    def test_concurrent_versions_and_their_merge(self):
        vault = self.vault()
        first, both = self.heads(vault)
        heads = vault.heads("n")
        self.assertEqual({v.id for v in heads}, set(both))
        self.assertTrue(heads[0].winner)
        merged = vault.put_version("n", heads[1].content)
        self.assertEqual([v.id for v in vault.heads("n")], [merged])
        self.assertEqual(set(vault.version(merged).previous), set(both))
        self.assertEqual(vault.read("n"), vault.read(heads[1].id))
        self.assertEqual(len(vault.history("n")), 4)

    def test_an_expectation(self):
        vault = self.vault()
        exact = ouroboros.Base.EXACT
        one = vault.put(b"one", name="n", base=exact).version
        with self.assertRaises(ouroboros.Conflict):
            vault.put(b"two", name="n", base=exact)
        two = vault.put(b"two", name="n", base=exact, base_versions=[one]).version
        with self.assertRaises(ouroboros.Conflict):
            vault.put_version("n", None, base=exact, base_versions=[one])
        self.assertEqual(vault.name("n")[1], two)

    def test_deletion(self):
        vault = self.vault()
        vault.set_setting("removal_grace_hours", 1)
        kept = vault.put(b"kept", name="n").content
        vault.delete("n")
        self.assertNotIn("n", vault)
        deletion = vault.heads("n")[0]
        self.assertTrue(deletion.deletion)
        self.assertIsNone(deletion.content)
        vault.put_version("n", kept)
        self.assertEqual(vault.read("n"), b"kept")

    def test_a_batch_of_versions(self):
        vault = self.vault()
        content = vault.put(b"x").content
        with vault.batch() as batch:
            ids = [batch.version(f"n{i}", content) for i in range(10)]
        self.assertEqual([vault.name(f"n{i}") for i in range(10)],
                         [(content, id()) for id in ids])

    def test_settings(self):
        vault = self.vault()
        self.assertEqual(vault.setting("revision_limit").value, 100)
        vault.set_setting("revision_limit", 7)
        setting = vault.settings()["revision_limit"]
        self.assertEqual((setting.value, setting.standard, setting.is_set), (7, 100, True))
        with self.assertRaises(ouroboros.NotFound):
            vault.setting("none")
        with self.assertRaises(ouroboros.Invalid):
            vault.set_setting("revision_limit", 1 << 63)

    def test_trash(self):
        vault = self.vault()
        version = vault.put(b"x", name="n").version
        self.assertEqual(vault.trash(), [])
        with self.assertRaises(ouroboros.NotFound):
            vault.restore(version)


class HierarchyCase(Case):
    def test_a_family(self):
        vault = self.vault()
        root = vault.put(b"root", name="root").content
        children = [vault.put(b"%d" % i, parent="root").content for i in range(3)]
        leaf = vault.put(b"leaf", parent=children[0]).content
        alone = vault.put(b"alone").content
        self.assertEqual(list(vault.children("root")), sorted(children))
        self.assertEqual(list(vault.children(leaf)), [])
        self.assertEqual(vault.parent(leaf), children[0])
        self.assertIsNone(vault.parent(root))
        self.assertEqual(vault.ancestors(leaf), [children[0], root])
        nodes = vault.descendants("root")
        self.assertEqual({n.id for n in nodes}, set(children) | {leaf})
        self.assertIn(ouroboros.Node(leaf, children[0], 2), nodes)
        self.assertEqual(list(vault.roots()), sorted([root, alone]))

    def test_more_children_than_a_page(self):
        vault = self.vault()
        root = vault.put(b"root").content
        with vault.batch() as batch:
            results = [batch.put(b"%d" % i, parent=root) for i in range(2500)]
        self.assertEqual(list(vault.children(root)), sorted(r.content for r in results))
        self.assertEqual(len(list(vault.roots())), 1)

    def test_a_parent_in_the_same_batch(self):
        vault = self.vault()
        with vault.batch() as batch:
            parent = batch.put(b"parent")
            expected = batch.content()
            child = batch.put(b"child", parent=expected)
        self.assertEqual(parent.content, expected)
        self.assertEqual(vault.parent(child.content), expected)


class SharingCase(Case):
    def test_a_bundle_opens_with_its_key_alone(self):
        key, other = self.work / "friend.key", self.work / "other.key"
        ouroboros.make_key(key, "horse")
        ouroboros.make_key(other)
        vault, data = self.vault(), random.Random(4).randbytes(1_000_000)
        content = vault.put(data, type="x/y", meta=b"m").content
        vault.put(b"secret")
        public = ouroboros.public_key(key, "horse")
        shared = vault.share(content, public)
        self.assertEqual((shared.grants, shared.there), (1, 0))
        self.assertEqual(vault.share(content, public).there, 1)
        grants = vault.grants()
        self.assertEqual([(g.content, g.fingerprint) for g in grants],
                         [(content, shared.fingerprint)])
        self.assertEqual(grants[0].public_key.strip(), public.strip())
        path = self.work / "bundle"
        with open(path, "wb") as file:
            vault.write_bundle(file, shared.fingerprint[:12])
        with ouroboros.Bundle(path, key, "horse") as bundle:
            items = bundle.items()
            self.assertEqual([(i.content, i.bytes, i.type, i.meta, i.parent) for i in items],
                             [(content, len(data), "x/y", b"m", None)])
            self.assertEqual(bundle.read(content), data)
            with self.assertRaises(ouroboros.NotFound):
                bundle.read(bytes(32))
        with self.assertRaises(ouroboros.WrongKey):
            ouroboros.Bundle(path, other)
        vault.share(vault.put(b"second").content, public)
        one = self.work / "one"
        with open(one, "wb") as file:
            vault.write_bundle(file, shared.fingerprint, content)
        with ouroboros.Bundle(one, key, "horse") as bundle:
            self.assertEqual([i.content for i in bundle.items()], [content])
        path.write_bytes(path.read_bytes()[:-1])
        with self.assertRaises(ouroboros.Damaged):
            ouroboros.Bundle(path, key, "horse")
        self.assertEqual(vault.unshare(content, shared.fingerprint)["grants"], 1)
        self.assertEqual(vault.grants(content), [])
        self.assertEqual(len(vault.grants()), 1)
        with self.assertRaises(ouroboros.NotFound):
            vault.write_bundle(io.BytesIO(), shared.fingerprint, content)
        with self.assertRaises(ouroboros.Invalid):
            vault.share(content, "no key")

    def test_a_sink_that_fails(self):
        key = self.work / "friend.key"
        ouroboros.make_key(key)
        vault = self.vault()
        shared = vault.share(vault.put(b"x").content, ouroboros.public_key(key))

        class Full(io.BytesIO):
            def write(self, data):
                raise OSError(28, "no room")

        with self.assertRaises(OSError):
            vault.write_bundle(Full(), shared.fingerprint)


class ExportCase(Case):
    def test_two_copies_become_one(self):
        vault, copied = self.vault(), self.work / "copy"
        vault.put(b"before", name="n")
        vault.put(b"elsewhere", name="m")
        vault.close()
        shutil.copytree(self.work / "vault", copied)
        vault, copy = self.vault(), ouroboros.Vault(copied)
        self.addCleanup(copy.close)
        base = vault.name("n")[1]
        here = vault.put(b"here", name="n").version
        there = copy.put(b"there", name="n").version
        copy.put(random.Random(5).randbytes(2_000_000), name="big")
        for source, target in ((copy, vault), (vault, copy)):
            stream = io.BytesIO()
            told = source.export_to(stream)
            self.assertGreater(told["versions"], 2)
            stream.seek(0)
            taken = target.import_from(stream)
            self.assertGreater(taken["versions"], 0)
        for each in (vault, copy):
            self.assertEqual({v.id for v in each.heads("n")}, {here, there})
            self.assertEqual(each.info("big").bytes, 2_000_000)
            self.assertIn(base, [v.id for v in each.history("n")])
        self.assertEqual(vault.name("n"), copy.name("n"))

    def test_a_part_and_a_source_that_fails(self):
        vault = self.vault()
        vault.put(b"x", name="n")
        vault.put(b"y", name="m")
        stream = io.BytesIO()
        self.assertEqual(vault.export_to(stream, path="n")["versions"], 1)
        stream.seek(0)
        self.assertEqual(vault.import_from(stream)["versions"], 0)

        class Broken(io.BytesIO):
            def read(self, size=-1):
                raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            vault.import_from(Broken())
        cut = io.BytesIO(stream.getvalue()[:-5])
        with self.assertRaises(ouroboros.Damaged):
            vault.import_from(cut)


class ReadmeCase(Case):
    def test_what_it_shows_runs(self):
        text = (Path(__file__).resolve().parent.parent / "README.md").read_text()
        blocks = re.findall(r"```python\n(.*?)```", text, re.S)
        self.assertEqual(len(blocks), 2)
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        os.chdir(self.work)
        Path("photo.jpg").write_text("p")
        names, said = {"camera": [b"x" * 1000] * 5}, io.StringIO()
        with contextlib.redirect_stdout(said):
            for block in blocks:
                exec(block, names)
        self.assertIn("b'hello\\n'", said.getvalue())
        self.assertIn("b'name/Grace' b'4711'", said.getvalue())
        self.assertTrue(names["fine"])


class Result(unittest.TestResult):
    def told(self, how, test, error=None):
        print(f"{how} {type(test).__name__}.{test._testMethodName}")
        if error is not None:
            traceback.print_exception(*error, file=sys.stdout)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.told("ok", test)

    def addError(self, test, error):
        super().addError(test, error)
        self.told("not ok", test, error)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.told("not ok", test, error)


def main():
    names = sys.argv[1:]
    loader = unittest.TestLoader()
    module = sys.modules["__main__"]
    suite = loader.loadTestsFromNames(names, module) if names \
        else loader.loadTestsFromModule(module)
    result = Result()
    suite.run(result)
    print(f"{result.testsRun - len(result.failures) - len(result.errors)} passed, "
          f"{len(result.failures) + len(result.errors)} failed")
    return 0 if result.wasSuccessful() and result.testsRun > 0 else 1


if __name__ == "__main__":
    sys.exit(main())

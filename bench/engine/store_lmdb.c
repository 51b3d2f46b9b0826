/*
 * LMDB, one transaction for each put. Unsynced is MDB_NOSYNC: pages are in
 * the system's hands at each commit. Twice: with pages written by pwrite, and
 * (lmdb-map) in a writable map.
 */
#include "store.h"

#if __has_include(<lmdb.h>)
#include <lmdb.h>
#include <stdlib.h>

struct lmdb {
	MDB_env *env;
	MDB_dbi table;
};

struct lmdb_reader {
	MDB_txn *txn;
};

static void
must(int code)
{
	if (code != 0)
		store_die("LMDB", mdb_strerror(code));
}

static MDB_val
val_of(struct bytes bytes)
{
	return (MDB_val){ bytes.size, (void *)(uintptr_t)bytes.data };
}

static void *
lmdb_open_with(const char *dir, unsigned flags)
{
	struct lmdb *lmdb = store_new(sizeof *lmdb);
	MDB_txn *txn;

	must(mdb_env_create(&lmdb->env));
	must(mdb_env_set_mapsize(lmdb->env, STORE_MAP_SIZE));
	must(mdb_env_open(lmdb->env, dir, flags, 0600));
	must(mdb_txn_begin(lmdb->env, NULL, 0, &txn));
	must(mdb_dbi_open(txn, NULL, 0, &lmdb->table));
	must(mdb_txn_commit(txn));
	return lmdb;
}

static void *
lmdb_open(const char *dir, enum store_sync sync)
{
	return lmdb_open_with(dir, sync == STORE_DURABLE ? 0 : MDB_NOSYNC);
}

static void *
lmdb_map_open(const char *dir, enum store_sync sync)
{
	return lmdb_open_with(dir,
	    MDB_WRITEMAP | (sync == STORE_DURABLE ? 0 : MDB_NOSYNC));
}

static void
lmdb_close(void *store)
{
	struct lmdb *lmdb = store;

	mdb_env_close(lmdb->env);
	free(lmdb);
}

static void
lmdb_put_batch(void *store, const struct store_item *items, size_t count)
{
	struct lmdb *lmdb = store;
	MDB_txn *txn;

	must(mdb_txn_begin(lmdb->env, NULL, 0, &txn));
	for (size_t i = 0; i < count; i++) {
		MDB_val key = val_of(items[i].key);
		MDB_val value = val_of(items[i].value);

		must(mdb_put(txn, lmdb->table, &key, &value, 0));
	}
	must(mdb_txn_commit(txn));
}

static void
lmdb_put(void *store, struct bytes key, struct bytes value)
{
	struct store_item item = { key, value };

	lmdb_put_batch(store, &item, 1);
}

static void *
lmdb_reader_open(void *store)
{
	struct lmdb_reader *reader = store_new(sizeof *reader);
	struct lmdb *lmdb = store;

	must(mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &reader->txn));
	mdb_txn_reset(reader->txn);
	return reader;
}

static void
lmdb_reader_close(void *object)
{
	struct lmdb_reader *reader = object;

	mdb_txn_abort(reader->txn);
	free(reader);
}

static bool
lmdb_get(void *store, void *object, struct bytes key, uint64_t *sum)
{
	struct lmdb_reader *reader = object;
	struct lmdb *lmdb = store;
	MDB_val name = val_of(key), value;
	int code;

	must(mdb_txn_renew(reader->txn));
	code = mdb_get(reader->txn, lmdb->table, &name, &value);
	if (code == 0)
		*sum += store_sum(value.mv_data, value.mv_size);
	else if (code != MDB_NOTFOUND)
		must(code);
	mdb_txn_reset(reader->txn);
	return code == 0;
}

static uint64_t
lmdb_scan(void *store, bool reverse, uint64_t *sum)
{
	MDB_cursor_op next = reverse ? MDB_PREV : MDB_NEXT;
	struct lmdb *lmdb = store;
	MDB_cursor *cursor;
	MDB_val key, value;
	MDB_txn *txn;
	uint64_t count = 0;
	int code;

	must(mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn));
	must(mdb_cursor_open(txn, lmdb->table, &cursor));
	while ((code = mdb_cursor_get(cursor, &key, &value, next)) == 0) {
		*sum += store_sum(key.mv_data, key.mv_size) +
		    store_sum(value.mv_data, value.mv_size);
		count++;
	}
	if (code != MDB_NOTFOUND)
		must(code);
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	return count;
}

#define LMDB(title, open_it) \
	{ \
		.name = (title), .open = (open_it), .close = lmdb_close, \
		.put = lmdb_put, .put_batch = lmdb_put_batch, \
		.reader_open = lmdb_reader_open, \
		.reader_close = lmdb_reader_close, .get = lmdb_get, \
		.scan = lmdb_scan, \
	}

const struct store_driver store_lmdb = LMDB("lmdb", lmdb_open);
const struct store_driver store_lmdb_map = LMDB("lmdb-map", lmdb_map_open);
#else
const struct store_driver store_lmdb, store_lmdb_map;
#endif

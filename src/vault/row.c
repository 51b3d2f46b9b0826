#include "vault/row.h"

#include <assert.h>

#define VERSION_TAIL (1 + 8 + HASH_SIZE) /* 0, stamp, ref id */

static void
row_add(struct row_key *key, const void *data, size_t size)
{
	assert(key->size + size <= sizeof(key->data));
	memcpy(key->data + key->size, data, size);
	key->size += size;
}

struct row_key
row_table(enum row_table table)
{
	struct row_key key;

	key.data[0] = (uint8_t)table;
	key.size = 1;
	return key;
}

struct row_key
row_id(enum row_table table, const void *id, size_t size)
{
	struct row_key key = row_table(table);

	row_add(&key, id, size);
	return key;
}

struct row_key
row_pair(enum row_table table, const uint8_t first[HASH_SIZE],
    const uint8_t second[HASH_SIZE])
{
	struct row_key key = row_id(table, first, HASH_SIZE);

	row_add(&key, second, HASH_SIZE);
	return key;
}

struct row_key
row_name_prefix(enum row_table table, const char *namespace_,
    const char *prefix)
{
	struct row_key key = row_table(table);

	row_add(&key, namespace_, strlen(namespace_) + 1);
	row_add(&key, prefix, strlen(prefix));
	return key;
}

struct row_key
row_name(enum row_table table, const char *namespace_, const char *path)
{
	struct row_key key = row_name_prefix(table, namespace_, path);

	row_add(&key, "", 1);
	return key;
}

struct row_key
row_version(const char *namespace_, const char *path, uint64_t stamp,
    const uint8_t ref[HASH_SIZE])
{
	struct row_key key = row_name(ROW_NAME, namespace_, path);
	uint8_t order[8];

	put_u64be(order, stamp);
	row_add(&key, order, sizeof(order));
	row_add(&key, ref, HASH_SIZE);
	return key;
}

struct row_key
row_expiry(uint64_t expires_ms, const uint8_t ref[HASH_SIZE])
{
	struct row_key key = row_table(ROW_EXPIRY);
	uint8_t order[8];

	put_u64be(order, expires_ms);
	row_add(&key, order, sizeof(order));
	row_add(&key, ref, HASH_SIZE);
	return key;
}

const uint8_t *
row_last_id(struct bytes key)
{
	if (key.size < 1 + HASH_SIZE)
		return NULL;
	return key.data + key.size - HASH_SIZE;
}

struct bytes
row_name_part(struct bytes key)
{
	if (key.size < 1 + 1 + VERSION_TAIL)
		return bytes_of(NULL, 0);
	return bytes_of(key.data, key.size - 8 - HASH_SIZE);
}

uint64_t
row_stamp(struct bytes key)
{
	assert(key.size > 8 + HASH_SIZE);
	return get_u64be(key.data + key.size - HASH_SIZE - 8);
}

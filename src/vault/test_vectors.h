/*
 * test_vectors - the values of docs/FORMAT.md: tests/vectors/vault.txt has them as
 * names and hex, computed by a program that shares no code with ours. Both files
 * are found from the directory the tests are run in, the root of the tree.
 */
#ifndef VAULT_TEST_VECTORS_H
#define VAULT_TEST_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs_memory.h"
#include "seal/canonical.h"
#include "seal/derive.h"
#include "seal/keyring_store.h"
#include "vault/name.h"
#include "vault/store_file.h"
#include "vault/vault.h"

#define VECTORS "tests/vectors/vault.txt"
#define FORMAT	"docs/FORMAT.md"

static const uint8_t snake[] = "the snake that eats its tail";

#define STAMP	(UINT64_C(1700000000000) << 16)
#define EXPIRES UINT64_C(1800000000000)

/* ---- the file of vectors -------------------------------------------------- */

static char *vectors_text, *format_text;

static inline char *
text_read(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text;
	size_t size;

	if (file == NULL)
		fail_msg("%s: run this from the root of the tree", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = (size_t)ftell(file);
	rewind(file);
	text = malloc(size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, size, file), size);
	text[size] = '\0';
	fclose(file);
	return text;
}

/* The lines of a vector, "name\n" and after it "    hex\n"...; size is that
 * of all of them. */
static inline const char *
vector_find(const char *name, size_t *size)
{
	char head[64];
	const char *at, *end;

	assert_true(snprintf(head, sizeof(head), "\n%s\n    ", name) <
	    (int)sizeof(head));
	at = strstr(vectors_text, head);
	if (at == NULL)
		fail_msg("%s has no %s", VECTORS, name);
	end = strchr(at + 1, '\n') + 1;
	while (strncmp(end, "    ", 4) == 0)
		end = strchr(end, '\n') + 1;
	*size = (size_t)(end - at - 1);
	return at + 1;
}

static inline void
vector_bytes(const char *name, struct buffer *out)
{
	size_t size;
	const char *at = vector_find(name, &size) + strlen(name);
	const char *end = at + size - strlen(name);
	unsigned byte;

	out->size = 0;
	while (at < end) {
		uint8_t one;

		if (*at == ' ' || *at == '\n') {
			at++;
			continue;
		}
		assert_int_equal(sscanf(at, "%2x", &byte), 1);
		one = (uint8_t)byte;
		assert_int_equal(buffer_append(out, bytes_of(&one, 1), NULL),
		    OURO_OK);
		at += 2;
	}
	assert_true(out->size > 0);
}

static inline void
assert_vector(const char *name, struct bytes bytes)
{
	struct buffer expected = { 0 };

	vector_bytes(name, &expected);
	if (expected.size != bytes.size ||
	    memcmp(expected.data, bytes.data, bytes.size) != 0)
		fail_msg("%s: not what %s says", name, VECTORS);
	buffer_release(&expected);
}

static inline void
vector_id(const char *name, uint8_t id[HASH_SIZE])
{
	struct buffer bytes = { 0 };

	vector_bytes(name, &bytes);
	assert_int_equal(bytes.size, HASH_SIZE);
	memcpy(id, bytes.data, HASH_SIZE);
	buffer_release(&bytes);
}

/* ---- a vault of keys alone ------------------------------------------------- */

static struct keyring_key keys[2] = { { .created_ms = 1000 },
	{ .created_ms = 2000 } };
static struct keyring keyring = { .keys = keys, .key_count = 2 };
static struct ouro_vault *vault;

/* n bytes that count from first. */
static inline void
fill(uint8_t first, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(first + i);
}

static inline int
setup(void **state)
{
	(void)state;
	vectors_text = text_read(VECTORS);
	format_text = text_read(FORMAT);
	fill(0x00, keys[0].key, KEY_SIZE);
	fill(0x20, keys[1].key, KEY_SIZE);
	vault = calloc(1, sizeof(*vault));
	assert_non_null(vault);
	vault->keyring = &keyring;
	pthread_rwlock_init(&vault->keys_lock, NULL);
	assert_int_equal(mac_key_new(bytes_of(keys[0].key, KEY_SIZE),
			     &vault->mac, NULL),
	    OURO_OK);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	mac_key_free(vault->mac);
	pthread_rwlock_destroy(&vault->keys_lock);
	free(vault);
	free(vectors_text);
	free(format_text);
	return 0;
}

#endif

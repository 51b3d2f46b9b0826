#include "seal/canonical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/seal.pb-c.h"
#include "proto/vault.pb-c.h"

static enum ouro_status
unpack(const ProtobufCMessageDescriptor *descriptor, const void *data,
    size_t size)
{
	ProtobufCMessage *message = NULL;
	struct ouro_error err = { 0 };
	enum ouro_status status = canonical_unpack(descriptor,
	    bytes_of(data, size), &message, "thing", &err);

	assert_int_equal(err.status, status);
	if (status) {
		assert_null(message);
		assert_non_null(strstr(err.text, "thing"));
	}
	canonical_free(message);
	return status;
}

#define EPOCH(...) \
	unpack(&ouro__epoch__descriptor, (const uint8_t[]){ __VA_ARGS__ }, \
	    sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define KEYRING(...) \
	unpack(&ouro__keyring__descriptor, (const uint8_t[]){ __VA_ARGS__ }, \
	    sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void
the_one_encoding_is_taken(void **state)
{
	(void)state;
	assert_int_equal(unpack(&ouro__epoch__descriptor, "", 0), OURO_OK);
	assert_int_equal(EPOCH(0x08, 0x07), OURO_OK);
	assert_int_equal(EPOCH(0x08, 0x07, 0x10, 0x80, 0x01), OURO_OK);
	assert_int_equal(KEYRING(0x1a, 0x00, 0x1a, 0x02, 0x08, 0x01), OURO_OK);
}

static void
every_other_encoding_is_refused(void **state)
{
	(void)state;
	/* A default written out; a longer varint; fields out of order. */
	assert_int_equal(EPOCH(0x08, 0x00), OURO_DAMAGED);
	assert_int_equal(EPOCH(0x08, 0x87, 0x00), OURO_DAMAGED);
	assert_int_equal(EPOCH(0x10, 0x01, 0x08, 0x07), OURO_DAMAGED);
	/* A field twice; a tag longer than needed; a wrong wire type. */
	assert_int_equal(EPOCH(0x08, 0x07, 0x08, 0x07), OURO_DAMAGED);
	assert_int_equal(EPOCH(0x88, 0x00, 0x07), OURO_DAMAGED);
	assert_int_equal(EPOCH(0x0d, 1, 0, 0, 0), OURO_DAMAGED);
	/* A number that does not fit its 32 bits. */
	assert_int_equal(EPOCH(0x08, 0xff, 0xff, 0xff, 0xff, 0x1f),
	    OURO_DAMAGED);
	/* Empty bytes and an empty string written out. */
	assert_int_equal(KEYRING(0x12, 0x00), OURO_DAMAGED);
	assert_int_equal(KEYRING(0x22, 0x02, 0x12, 0x00), OURO_DAMAGED);
	/* A string with a zero byte in it. */
	assert_int_equal(KEYRING(0x22, 0x04, 0x12, 0x02, 'a', 0), OURO_DAMAGED);
}

static void
unknown_fields_are_refused_at_every_depth(void **state)
{
	(void)state;
	assert_int_equal(EPOCH(0x08, 0x07, 0x18, 0x01), OURO_DAMAGED);
	assert_int_equal(KEYRING(0x1a, 0x02, 0x18, 0x01), OURO_DAMAGED);
	/* Keyring > member > wrapped key > field 3. */
	assert_int_equal(KEYRING(0x22, 0x04, 0x2a, 0x02, 0x08, 0x01), OURO_OK);
	assert_int_equal(KEYRING(0x22, 0x04, 0x2a, 0x02, 0x18, 0x01),
	    OURO_DAMAGED);
}

static void
truncated_and_foreign_bytes_are_refused(void **state)
{
	(void)state;
	assert_int_equal(EPOCH(0x08), OURO_DAMAGED);
	assert_int_equal(EPOCH(0x08, 0x80), OURO_DAMAGED);
	assert_int_equal(KEYRING(0x12, 0x05, 'a'), OURO_DAMAGED);
	assert_int_equal(KEYRING(0x12, 0xff, 0xff, 0xff, 0xff, 0x0f),
	    OURO_DAMAGED);
	assert_int_equal(KEYRING(0xff), OURO_DAMAGED);
}

/* Two bytes a field that take 64 times their size. */
static void
memory_is_in_proportion_to_the_bytes(void **state)
{
	size_t size = 1024 * 1024;
	uint8_t *hostile = malloc(size);
	ProtobufCMessage *message = NULL;
	struct ouro_error err = { 0 };

	(void)state;
	assert_non_null(hostile);
	for (size_t i = 0; i < size; i += 2)
		memcpy(hostile + i, "\x1a", 2);
	assert_int_equal(canonical_unpack(&ouro__keyring__descriptor,
			     bytes_of(hostile, size), &message, "thing", &err),
	    OURO_DAMAGED);
	assert_non_null(strstr(err.text, "too much memory"));
	assert_null(message);
	free(hostile);
}

/* What we write ourselves passes, with the smallest entries there are. */
static void
many_small_entries_are_taken(void **state)
{
	Ouro__ContextEntry entry = OURO__CONTEXT_ENTRY__INIT;
	size_t count = 50000;
	Ouro__Span *spans = calloc(count, sizeof *spans);
	Ouro__Span **list = calloc(count, sizeof *list);
	ProtobufCMessage *copy = NULL;

	(void)state;
	assert_true(spans && list);
	for (size_t i = 0; i < count; i++) {
		ouro__span__init(&spans[i]);
		spans[i].first = spans[i].last = 2 * i + 3;
		list[i] = &spans[i];
	}
	entry.through = 1;
	entry.beyond = list;
	for (entry.n_beyond = 1; entry.n_beyond <= count;
	     entry.n_beyond += 1 + entry.n_beyond / 8) {
		assert_int_equal(canonical_copy(&entry.base, &copy, NULL),
		    OURO_OK);
		canonical_free(copy);
	}
	free(spans);
	free(list);
}

static void
packing_appends(void **state)
{
	Ouro__Epoch epoch = OURO__EPOCH__INIT;
	struct buffer out = { 0 };

	(void)state;
	epoch.number = 3;
	assert_int_equal(buffer_append(&out, bytes_text("x"), NULL), OURO_OK);
	assert_int_equal(canonical_pack(&epoch.base, &out, NULL), OURO_OK);
	assert_int_equal(out.size, 3);
	assert_memory_equal(out.data, "x\x08\x03", 3);
	buffer_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_encoding_is_taken),
		cmocka_unit_test(every_other_encoding_is_refused),
		cmocka_unit_test(unknown_fields_are_refused_at_every_depth),
		cmocka_unit_test(truncated_and_foreign_bytes_are_refused),
		cmocka_unit_test(memory_is_in_proportion_to_the_bytes),
		cmocka_unit_test(many_small_entries_are_taken),
		cmocka_unit_test(packing_appends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

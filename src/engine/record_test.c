#include "engine/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/encoding.h"
#include "engine/assembly.h"
#include "engine/header.h"
#include "engine/pack.h"

/* docs/FORMAT.md shows the same bytes. They were made by a program of its
 * own: salt 00 01 .. 0f, seal key 40 41 .. 5f, session 60 61 .. 6f, name
 * "records". */
static const char vector_header[] =
    "f0f10a0000000054000000010000000700000000000000000102030405060708"
    "090a0b0c0d0e0f0068e5cf8b0100002a00000000000000000000000000000000"
    "0000000000000000000000020000000300000000000000050000000000000078"
    "0243a7";

static const char vector_header_sealed[] =
    "f0f10a0000000054000000010000000700000000000000000102030405060708"
    "090a0b0c0d0e0f0068e5cf8b0100002a0000000000000001000000df61df54e5"
    "ea6d87ca34e5fde5b3583b020000000300000000000000050000000000000049"
    "7f05c0";

static const char vector_put[] =
    "f0f10b03000000050000002a0000000000000029000000000000006b65797661"
    "6c756595f0c04e";

static const char vector_delete[] =
    "f0f10c03000000000000002b0000000000000029000000000000006b65792b9f"
    "e51b";

static const char vector_batch[] =
    "f0f10d020000001d0000002c000000000000002b000000000000000b01000000"
    "010000006131b7f1e91d0c01000000000000006295766cf802355cec";

static const char vector_dropped[] =
    "f0f10e00000000100000002e000000000000002d000000000000000300000000"
    "00000005000000000000008a0563d2";

static const char vector_put_sealed[] =
    "f0f10b03000000050000002a0000000000000029000000000000006061626364"
    "65666768696a6b6c6d6e6fb8ce7c32d452c310b9ac83e1dc6c76cfae873e64f1"
    "453cc09488dd95";

static const char vector_dropped_sealed[] =
    "f0f10e00000000100000002e000000000000002d000000000000006061626364"
    "65666768696a6b6c6d6e6f4e58dc6f83b8bdba9a47606eae16d9e001d96d41c4"
    "8702ca80bd7268ff7963f9f3c7008b";

static const char vector_batch_sealed[] =
    "f0f10d020000003d0000002c000000000000002b000000000000006061626364"
    "65666768696a6b6c6d6e6f0b01000000010000001aa83632480fae00634852b2"
    "46ad072405ee8d0eecd30c01000000000000002e07b0a7fa10d7238f6bba370e"
    "a61776ed1f88311c80fb2421";

/* 100 times `v`. */
static const char vector_packed[] =
    "f0f10f030000000e0000002f000000000000002e000000000000006b65796400"
    "000028b52ffd000023030076733b8e9f";

static const char vector_packed_sealed[] =
    "f0f10f030000000e0000002f000000000000002e000000000000006061626364"
    "65666768696a6b6c6d6e6f26a5bdc4c8a0d6b5c845d2a5c87283d7206df22518"
    "aa08dd6c0892166910dbaba0379a499d";

static const char
    vector_old_set[] = "f0f10103000000050000006b657976616c756593d5555c";

static const char vector_old_delete[] = "f0f10203000000000000006b65794a4cdd7b";

static const uint8_t *
seal_key(void)
{
	static uint8_t key[KEY_SIZE];

	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(0x40 + i);
	return key;
}

static struct record_frame
frame_make(bool sealed)
{
	uint8_t salt[RECORD_SALT];
	struct record_frame frame;

	for (size_t i = 0; i < sizeof salt; i++)
		salt[i] = (uint8_t)i;
	assert_int_equal(record_frame_init(&frame, salt,
			     sealed ? seal_key() : NULL, NULL),
	    OURO_OK);
	return frame;
}

static struct assembly
assembly_make(void)
{
	struct assembly assembly = { 0 };

	for (size_t i = 0; i < sizeof assembly.session; i++)
		assembly.session[i] = (uint8_t)(0x60 + i);
	return assembly;
}

static struct buffer
bytes_hex(const char *hex)
{
	struct buffer out = { 0 };

	assert_int_equal(hex_decode(hex, strlen(hex), &out, NULL), OURO_OK);
	return out;
}

/* The gathered bytes; works as long as nothing is large. */
static void
assembly_expect(const struct assembly *assembly, const char *hex)
{
	struct buffer expected = bytes_hex(hex);

	assert_int_equal(assembly->count, 1);
	assert_int_equal(assembly->size, expected.size);
	assert_memory_equal(assembly->bytes.data, expected.data, expected.size);
	buffer_release(&expected);
}

/* ---- vectors -------------------------------------------------------------------------- */

static void
record_expect(const struct record_frame *frame, uint8_t op, const char *key,
    struct bytes value, uint64_t sequence, const char *hex)
{
	struct record record = { .op = op,
		.key = bytes_text(key),
		.value = value,
		.sequence = sequence,
		.durable = sequence - 1 };
	struct assembly assembly = assembly_make();
	struct record found;
	struct buffer bytes;

	if (op == RECORD_DELETE)
		record.durable = 41;
	assert_int_equal(assembly_record(&assembly, frame, &record, NULL),
	    OURO_OK);
	assembly_expect(&assembly, hex);
	assembly_release(&assembly);
	bytes = bytes_hex(hex);
	assert_true(record_decode(frame, bytes.data, bytes.size, &found));
	assert_int_equal(record_unseal(frame, &found, NULL), OURO_OK);
	assert_int_equal(found.op, op);
	assert_true(bytes_equal(found.key, record.key));
	assert_true(bytes_equal(found.value, value));
	assert_int_equal(found.sequence, sequence);
	assert_int_equal(found.durable, record.durable);
	assert_int_equal(found.size, bytes.size);
	assert_int_equal(found.count, 1);
	buffer_release(&bytes);
}

static void
records_match_the_vectors(void **state)
{
	struct record_frame frame = frame_make(false);
	uint8_t ids[16];

	(void)state;
	put_u64le(ids, 3);
	put_u64le(ids + 8, 5);
	record_expect(&frame, RECORD_PUT, "key", bytes_text("value"), 42,
	    vector_put);
	record_expect(&frame, RECORD_DELETE, "key", bytes_text(""), 43,
	    vector_delete);
	record_expect(&frame, RECORD_DROPPED, "", bytes_of(ids, 16), 46,
	    vector_dropped);
	frame = frame_make(true);
	record_expect(&frame, RECORD_PUT, "key", bytes_text("value"), 42,
	    vector_put_sealed);
	record_expect(&frame, RECORD_DROPPED, "", bytes_of(ids, 16), 46,
	    vector_dropped_sealed);
	record_frame_release(&frame);
}

static void
packed_records_match_the_vectors(void **state)
{
	struct buffer bytes = bytes_hex(vector_packed), out = { 0 };
	struct record_frame frame = frame_make(false);
	struct pack_pool pool = { 0 };
	struct record record;
	char clear[100];

	(void)state;
	memset(clear, 'v', sizeof clear);
	assert_true(record_decode(&frame, bytes.data, bytes.size, &record));
	assert_int_equal(pack_clear_size(record.value), sizeof clear);
	assert_int_equal(pack_open(&pool, record.value, &out, NULL), OURO_OK);
	assert_true(
	    bytes_equal(buffer_bytes(&out), bytes_of(clear, sizeof clear)));
	record_expect(&frame, RECORD_PACKED, "key", record.value, 47,
	    vector_packed);
	frame = frame_make(true);
	record_expect(&frame, RECORD_PACKED, "key", record.value, 47,
	    vector_packed_sealed);
	record_frame_release(&frame);
	pack_pool_release(&pool);
	buffer_release(&bytes);
	buffer_release(&out);
}

static void
batch_expect(const struct record_frame *frame, const char *hex)
{
	const struct engine_op ops[2] = {
		{ .kind = ENGINE_PUT,
		    .key = bytes_text("a"),
		    .value = bytes_text("1") },
		{ .kind = ENGINE_DELETE, .key = bytes_text("b") },
	};
	const struct assembly_ops given = { .ops = ops, .count = 2 };
	struct buffer bytes = bytes_hex(hex);
	struct assembly assembly = assembly_make();
	struct record batch, moved, sub;
	size_t at = 0;

	assert_int_equal(assembly_batch_size(frame, &given), bytes.size);
	assert_int_equal(assembly_batch(&assembly, frame, &given, 44, 43, NULL),
	    OURO_OK);
	assembly_expect(&assembly, hex);
	assembly_release(&assembly);
	assert_true(record_decode(frame, bytes.data, bytes.size, &batch));
	assert_int_equal(batch.count, 2);
	assert_int_equal(batch.sequence, 44);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(record_sub_decode(frame, &batch, i, at, &sub));
		assert_int_equal(sub.sequence, 44 + i);
		assert_int_equal(sub.durable, 43);
		assert_int_equal(record_unseal(frame, &sub, NULL), OURO_OK);
		assert_true(bytes_equal(sub.key, ops[i].key));
		assert_true(bytes_equal(sub.value, ops[i].value));
		/* Its place in the log is part of its checksum. */
		moved = batch;
		moved.sequence++;
		assert_false(record_sub_decode(frame, &moved, i, at, &sub));
		at += (size_t)sub.size;
	}
	assert_int_equal(at, batch.value.size);
	buffer_release(&bytes);
}

static void
batches_match_the_vectors(void **state)
{
	struct record_frame frame = frame_make(false);

	(void)state;
	batch_expect(&frame, vector_batch);
	frame = frame_make(true);
	batch_expect(&frame, vector_batch_sealed);
	record_frame_release(&frame);
}

static void
header_expect(bool sealed, const char *hex)
{
	uint64_t ids[2] = { 3, 5 };
	struct header header = { .id = 7,
		.made_ms = 1700000000000,
		.first = 42 },
		      found;
	struct buffer bytes = bytes_hex(hex), out = { 0 };

	for (size_t i = 0; i < RECORD_SALT; i++)
		header.salt[i] = (uint8_t)i;
	header.ids = ids;
	header.count = 2;
	if (sealed) {
		header.flags = HEADER_SEALED;
		assert_int_equal(header_check(&header, seal_key(), "records",
				     header.check, NULL),
		    OURO_OK);
	}
	assert_int_equal(header_encode(&header, &out, NULL), OURO_OK);
	assert_true(bytes_equal(buffer_bytes(&out), buffer_bytes(&bytes)));
	assert_int_equal(header_claim(bytes.data, bytes.size), bytes.size);
	assert_int_equal(header_decode("x", buffer_bytes(&bytes), &found, NULL),
	    OURO_OK);
	assert_int_equal(found.id, 7);
	assert_int_equal(found.first, 42);
	assert_int_equal(found.count, header.count);
	assert_int_equal(found.flags, header.flags);
	assert_memory_equal(found.check, header.check, HEADER_CHECK);
	assert_memory_equal(found.ids, ids, sizeof ids);
	header_release(&found);
	buffer_release(&bytes);
	buffer_release(&out);
}

static void
headers_match_the_vectors(void **state)
{
	(void)state;
	header_expect(false, vector_header);
	header_expect(true, vector_header_sealed);
}

static void
old_records_are_read(void **state)
{
	struct record_frame frame;
	struct buffer set = bytes_hex(vector_old_set);
	struct buffer del = bytes_hex(vector_old_delete);
	struct record record;

	(void)state;
	record_frame_old(&frame);
	assert_true(record_decode(&frame, set.data, set.size, &record));
	assert_int_equal(record.op, RECORD_PUT);
	assert_true(bytes_equal(record.key, bytes_text("key")));
	assert_true(bytes_equal(record.value, bytes_text("value")));
	assert_int_equal(record_size(&frame, 3, 5), set.size);
	assert_true(record_decode(&frame, del.data, del.size, &record));
	assert_int_equal(record.op, RECORD_DELETE);
	buffer_release(&set);
	buffer_release(&del);
}

/* ---- bad bytes ------------------------------------------------------------------------- */

static void
flips_refused(const struct record_frame *frame, const char *hex)
{
	struct buffer bytes = bytes_hex(hex);
	struct record record;

	for (size_t size = 0; size < bytes.size; size++) {
		/* Exactly so many bytes, so that a sanitizer sees a read
		 * beyond them. */
		uint8_t *part = malloc(size + 1);

		memcpy(part, bytes.data, size);
		assert_false(record_decode(frame, part, size, &record));
		free(part);
	}
	for (size_t bit = 0; bit < bytes.size * 8; bit++) {
		bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(
		    record_decode(frame, bytes.data, bytes.size, &record));
		bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buffer_release(&bytes);
}

static void
every_flipped_bit_is_noticed(void **state)
{
	struct record_frame frame = frame_make(false);

	(void)state;
	flips_refused(&frame, vector_put);
	flips_refused(&frame, vector_batch);
	flips_refused(&frame, vector_dropped);
	flips_refused(&frame, vector_packed);
	frame = frame_make(true);
	flips_refused(&frame, vector_put_sealed);
	flips_refused(&frame, vector_packed_sealed);
	record_frame_release(&frame);
	record_frame_old(&frame);
	flips_refused(&frame, vector_old_set);
}

static void
another_salt_hides_a_record(void **state)
{
	struct record_frame frame = frame_make(false);
	struct buffer bytes = bytes_hex(vector_put);
	struct record record;

	(void)state;
	frame.salt[0] ^= 1;
	frame.salt_crc = record_crc(0, bytes_of(frame.salt, RECORD_SALT));
	assert_false(record_decode(&frame, bytes.data, bytes.size, &record));
	buffer_release(&bytes);
}

static void
record_crc_fix(const struct record_frame *frame, struct buffer *bytes)
{
	put_u32le(bytes->data + bytes->size - RECORD_CRC,
	    record_crc(frame->salt_crc,
		bytes_of(bytes->data + 2, bytes->size - 2 - RECORD_CRC)));
}

/* A checksum made to fit does not open what another key sealed. */
static void
a_forged_sealed_record_does_not_open(void **state)
{
	/* sequence, durable-through, session, content, tag */
	static const size_t places[] = { 11, 19, 27, 43, 52 };
	struct record_frame frame = frame_make(true);

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct buffer bytes = bytes_hex(vector_put_sealed);
		struct record record;

		bytes.data[places[i]]++;
		record_crc_fix(&frame, &bytes);
		assert_true(
		    record_decode(&frame, bytes.data, bytes.size, &record));
		assert_int_equal(record_unseal(&frame, &record, NULL),
		    OURO_WRONG_KEY);
		buffer_release(&bytes);
	}
	record_frame_release(&frame);
}

/* A sub-record opens only in its batch: not alone, nor in a shorter one,
 * nor under another durable-through or session. */
static void
a_sealed_sub_record_is_bound_to_its_batch(void **state)
{
	struct record_frame frame = frame_make(true);
	uint8_t session[RECORD_SESSION] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct buffer bytes = bytes_hex(vector_batch_sealed);
		struct record batch, sub;

		assert_true(
		    record_decode(&frame, bytes.data, bytes.size, &batch));
		batch.count += i == 1;
		batch.durable += i == 2;
		batch.session = i == 3 ? session : batch.session;
		assert_true(record_sub_decode(&frame, &batch, 0, 0, &sub));
		sub.sub = i != 4;
		assert_int_equal(record_unseal(&frame, &sub, NULL),
		    i == 0 ? OURO_OK : OURO_WRONG_KEY);
		buffer_release(&bytes);
	}
	record_frame_release(&frame);
}

static void
impossible_sequences_are_refused(void **state)
{
	struct record_frame frame = frame_make(false);
	struct buffer bytes = bytes_hex(vector_batch);
	struct record record;

	(void)state;
	put_u64le(bytes.data + 11, RECORD_SEQUENCE_MAX - 2);
	record_crc_fix(&frame, &bytes);
	assert_true(record_decode(&frame, bytes.data, bytes.size, &record));
	put_u64le(bytes.data + 11, RECORD_SEQUENCE_MAX - 1);
	record_crc_fix(&frame, &bytes);
	assert_false(record_decode(&frame, bytes.data, bytes.size, &record));
	put_u64le(bytes.data + 11, UINT64_MAX);
	record_crc_fix(&frame, &bytes);
	assert_false(record_decode(&frame, bytes.data, bytes.size, &record));
	buffer_release(&bytes);
}

static void
claim_expect(const struct record_frame *frame, uint8_t op, uint32_t key_size,
    uint32_t value_size, uint64_t claim)
{
	uint8_t head[RECORD_PREFIX] = { RECORD_MAGIC_0, RECORD_MAGIC_1, op };

	put_u32le(head + 3, key_size);
	put_u32le(head + 7, value_size);
	assert_int_equal(record_claim(frame, head, sizeof head), claim);
}

static void
M03_lengths_are_bounded(void **state)
{
	struct record_frame frame = frame_make(false), old;

	(void)state;
	record_frame_old(&old);
	claim_expect(&frame, RECORD_PUT, 1, 0, 32);
	claim_expect(&frame, RECORD_PUT, 0, 0, 0);
	claim_expect(&frame, RECORD_PUT, ENGINE_KEY_MAX + 1, 0, 0);
	claim_expect(&frame, RECORD_PUT, 1, ENGINE_VALUE_MAX,
	    32 + (uint64_t)ENGINE_VALUE_MAX);
	claim_expect(&frame, RECORD_PUT, 1, ENGINE_VALUE_MAX + 1, 0);
	claim_expect(&frame, RECORD_PUT, UINT32_MAX, UINT32_MAX, 0);
	claim_expect(&frame, RECORD_DELETE, 1, 1, 0);
	claim_expect(&frame, RECORD_BATCH, UINT32_MAX, 100, 0);
	claim_expect(&frame, RECORD_BATCH, 2, RECORD_BATCH_MAX + 1, 0);
	claim_expect(&frame, RECORD_BATCH, 2, 25, 0); /* two need 26 */
	claim_expect(&frame, RECORD_DROPPED, 0, 12, 0);
	claim_expect(&frame, RECORD_DROPPED, 0, UINT32_MAX - 7, 0);
	claim_expect(&frame, RECORD_PACKED, 1, PACK_HEAD + 1, 37);
	claim_expect(&frame, RECORD_PACKED, 1, PACK_HEAD, 0);
	claim_expect(&frame, RECORD_PACKED, 0, 100, 0);
	claim_expect(&frame, RECORD_PACKED, 1, ENGINE_VALUE_MAX + 1, 0);
	claim_expect(&frame, 16, 0, 0, 0); /* no op any more */
	claim_expect(&frame, 17, 1, 1, 0);
	claim_expect(&frame, RECORD_OLD_SET, 1, 1, 0);
	claim_expect(&old, RECORD_PUT, 1, 1, 0);
	claim_expect(&old, RECORD_OLD_SET, 0x7fffffff, 0x7fffffff, 0);
}

static void
header_lengths_are_bounded(void **state)
{
	struct buffer bytes = bytes_hex(vector_header);
	struct header header;
	uint32_t crc;

	(void)state;
	put_u32le(bytes.data + 7, UINT32_MAX);
	assert_int_equal(header_claim(bytes.data, bytes.size), 0);
	put_u32le(bytes.data + 7, 84);
	put_u32le(bytes.data + 75, UINT32_MAX); /* that many ids */
	crc = record_crc(0, bytes_of(bytes.data + 2, bytes.size - 6));
	put_u32le(bytes.data + bytes.size - 4, crc);
	assert_int_equal(header_decode("x", buffer_bytes(&bytes), &header,
			     NULL),
	    OURO_DAMAGED);
	put_u32le(bytes.data + 75, 2);
	put_u32le(bytes.data + 11, 2); /* a later format */
	crc = record_crc(0, bytes_of(bytes.data + 2, bytes.size - 6));
	put_u32le(bytes.data + bytes.size - 4, crc);
	assert_int_equal(header_decode("x", buffer_bytes(&bytes), &header,
			     NULL),
	    OURO_UNSUPPORTED);
	buffer_release(&bytes);
}

static void
header_refused(struct buffer *bytes, size_t at, uint64_t value)
{
	uint64_t old = get_u64le(bytes->data + at);
	struct header header;

	put_u64le(bytes->data + at, value);
	put_u32le(bytes->data + bytes->size - 4,
	    record_crc(0, bytes_of(bytes->data + 2, bytes->size - 6)));
	assert_int_equal(header_decode("x", buffer_bytes(bytes), &header, NULL),
	    OURO_DAMAGED);
	header_release(&header);
	put_u64le(bytes->data + at, old);
}

static void
header_numbers_are_bounded(void **state)
{
	struct buffer bytes = bytes_hex(vector_header);

	(void)state;
	header_refused(&bytes, 87, 3); /* not ascending */
	header_refused(&bytes, 87, 2);
	header_refused(&bytes, 87, HEADER_ID_MAX + 1);
	header_refused(&bytes, 87, UINT64_MAX);
	header_refused(&bytes, 47, UINT64_MAX);
	buffer_release(&bytes);
}

/* Values that are pointed at lie in the midst of a batch behind a record. */
static void
large_values_are_pointed_at(void **state)
{
	static uint8_t large[2][5000];
	struct engine_op ops[] = {
		{ .key = bytes_text("a"), .value = bytes_of(large[0], 5000) },
		{ .key = bytes_text("b"), .value = bytes_text("small") },
		{ .key = bytes_text("c"), .value = bytes_of(large[1], 2048) },
		{ .key = bytes_text("d"), .kind = ENGINE_DELETE },
	};
	struct record_frame frame = frame_make(false);
	struct record record = { .op = RECORD_PUT,
		.key = bytes_text("k"),
		.value = bytes_of(large[1], 3000),
		.sequence = 42 };
	struct assembly assembly = assembly_make();
	struct buffer all = { 0 };
	struct record found, sub;
	size_t at = 0;

	(void)state;
	memset(large[0], 'x', sizeof large[0]);
	memset(large[1], 'y', sizeof large[1]);
	assert_int_equal(assembly_record(&assembly, &frame, &record, NULL),
	    OURO_OK);
	assert_int_equal(assembly_batch(&assembly, &frame,
			     &(struct assembly_ops){ .ops = ops, .count = 4 },
			     43, 41, NULL),
	    OURO_OK);
	assert_true(assembly.count > 5);
	for (size_t i = 0; i < assembly.count; i++) {
		const struct assembly_piece *piece = &assembly.pieces[i];
		const uint8_t *data = piece->data != NULL
		    ? piece->data
		    : assembly.bytes.data + piece->offset;

		assert_int_equal(buffer_append(&all,
				     bytes_of(data, piece->size), NULL),
		    OURO_OK);
	}
	assert_int_equal(all.size, assembly.size);
	assert_true(record_decode(&frame, all.data, all.size, &found));
	assert_true(bytes_equal(found.value, record.value));
	assert_true(record_decode(&frame, all.data + found.size,
	    all.size - (size_t)found.size, &found));
	assert_int_equal(found.op, RECORD_BATCH);
	for (uint32_t i = 0; i < 4; i++) {
		assert_true(record_sub_decode(&frame, &found, i, at, &sub));
		assert_true(bytes_equal(sub.key, ops[i].key));
		assert_true(bytes_equal(sub.value, ops[i].value));
		at += (size_t)sub.size;
	}
	assert_int_equal(at, found.value.size);
	buffer_release(&all);
	assembly_release(&assembly);
	record_frame_release(&frame);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_match_the_vectors),
		cmocka_unit_test(packed_records_match_the_vectors),
		cmocka_unit_test(batches_match_the_vectors),
		cmocka_unit_test(headers_match_the_vectors),
		cmocka_unit_test(large_values_are_pointed_at),
		cmocka_unit_test(old_records_are_read),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(another_salt_hides_a_record),
		cmocka_unit_test(a_forged_sealed_record_does_not_open),
		cmocka_unit_test(a_sealed_sub_record_is_bound_to_its_batch),
		cmocka_unit_test(impossible_sequences_are_refused),
		cmocka_unit_test(header_numbers_are_bounded),
		cmocka_unit_test(M03_lengths_are_bounded),
		cmocka_unit_test(header_lengths_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

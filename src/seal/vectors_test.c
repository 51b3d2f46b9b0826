/* The values of docs/FORMAT.md. */
#include "seal/vectors/seal_vectors.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "crypt/kem.h"
#include "crypt/vectors/hex.h"
#include "seal/archive.h"
#include "seal/compress.h"
#include "seal/derive.h"
#include "seal/erasure.h"
#include "seal/keyring.h"
#include "seal/padding.h"
#include "seal/recovery.h"
#include "seal/stripe.h"

static uint8_t secret[32], id[32], salt[16], seed[KEM_SEED_SIZE];

static int
setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEM_SEED_SIZE; i++)
		seed[i] = (uint8_t)i;
	memcpy(secret, seed, sizeof secret);
	memcpy(id, seed + 0x20, sizeof id);
	memcpy(salt, seed + 0x40, sizeof salt);
	return 0;
}

static void
K14_derived_keys(void **state)
{
	uint8_t out[DERIVE_RECOVERY_SIZE];

	(void)state;
	assert_int_equal(derive_chunk_key(secret, id, out, NULL), OURO_OK);
	assert_hex(out, 32, derived_chunk);
	assert_int_equal(derive_page_key(secret, id, out, NULL), OURO_OK);
	assert_hex(out, 32, derived_page);
	assert_int_equal(derive_content_key(secret, id, out, NULL), OURO_OK);
	assert_hex(out, 32, derived_content);
	assert_int_equal(derive_stripe_key(secret, salt, out, NULL), OURO_OK);
	assert_hex(out, 32, derived_stripe);
	assert_int_equal(derive_engine_key(secret, out, NULL), OURO_OK);
	assert_hex(out, 32, derived_engine);
	assert_int_equal(derive_chunker_secret(secret, out, NULL), OURO_OK);
	assert_hex(out, 32, derived_chunker);
	assert_int_equal(derive_keyring_mac_key(secret, out, NULL), OURO_OK);
	assert_hex(out, 32, derived_keyring_mac);
	assert_int_equal(derive_store_mac_key(secret, out, NULL), OURO_OK);
	assert_hex(out, 32, derived_store_mac);
	assert_int_equal(derive_recovery_seed(secret, out, NULL), OURO_OK);
	assert_hex(out, 96, derived_recovery);
	assert_int_equal(derive_archive_key(secret, out, NULL), OURO_OK);
	assert_hex(out, 32, derived_archive);
	assert_int_equal(derive_stream_key(secret, seed + 0x40, id, out, NULL),
	    OURO_OK);
	assert_hex(out, 32, derived_stream);
}

static void
parity_rows(void **state)
{
	uint8_t units[4][4] = { { 0 } }, parity[3][4];
	const uint8_t *data[4];
	uint8_t *rows[3] = { parity[0], parity[1], parity[2] };
	struct erasure *erasure = NULL;

	(void)state;
	for (unsigned c = 0; c < 4; c++) {
		units[c][c] = 1;
		data[c] = units[c];
	}
	assert_int_equal(erasure_new(4, 3, &erasure, NULL), OURO_OK);
	erasure_encode(erasure, data, rows, 4);
	assert_hex(parity, 12, cauchy_rows);
	erasure_free(erasure);
}

static void
length_buckets(void **state)
{
	static const uint64_t pairs[][2] = { { 1, 1 }, { 8, 8 }, { 9, 10 },
		{ 10, 10 }, { 33, 36 }, { 100, 104 }, { 1000, 1024 },
		{ 4101, 4352 }, { 65541, 67584 }, { 131077, 135168 },
		{ 262149, 270336 }, { 524293, 540672 } };

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		assert_int_equal(padme(pairs[i][0]), pairs[i][1]);
}

static void
stored_slices(void **state)
{
	static const char text[] = "the snake that eats its tail";
	const char *const hex[3] = { slice_0, slice_1, slice_2 };
	uint8_t stored[3][512], key[KEY_SIZE];
	struct slice slices[3];
	struct compressor *compressor = NULL;
	struct buffer out = { 0 };

	(void)state;
	assert_int_equal(compressor_new(&compressor, NULL), OURO_OK);
	assert_int_equal(derive_chunk_key(secret, id, key, NULL), OURO_OK);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(slice_decode(hex_bytes(hex[i], stored[i],
						  sizeof stored[i]),
				     &slices[i], NULL),
		    OURO_OK);
		assert_int_equal(slice_check(&slices[i], NULL), OURO_OK);
		assert_hex(slices[i].stripe_id, STRIPE_ID_SIZE, stripe_id);
		assert_memory_equal(slices[i].salt, salt, sizeof salt);
	}
	for (unsigned lost = 0; lost < 3; lost++) {
		const struct slice *given[SLICES_MAX] = { NULL };
		for (unsigned i = 0; i < 3; i++)
			given[i] = i == lost ? NULL : &slices[i];
		assert_int_equal(stripe_open(key, given, compressor, &out, NULL,
				     NULL, NULL),
		    OURO_OK);
		assert_int_equal(out.size, strlen(text));
		assert_true(bytes_equal(buffer_bytes(&out), bytes_text(text)));
		assert_int_equal(stripe_rebuild(given, lost, &out, NULL),
		    OURO_OK);
		assert_hex(out.data, out.size, hex[lost]);
	}
	for (unsigned i = 0; i < 3; i++)
		slice_release(&slices[i]);
	buffer_release(&out);
	compressor_free(compressor);
}

static void
stored_keyring(void **state)
{
	uint8_t stored[8192];
	struct bytes bytes = { stored, 0 };
	struct buffer again = { 0 };
	struct keyring *keyring = NULL;
	const uint8_t *epoch_key = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof keyring_stored / sizeof *keyring_stored;
	     i++)
		bytes.size += hex_bytes(keyring_stored[i], stored + bytes.size,
		    sizeof stored - bytes.size)
				  .size;
	assert_int_equal(keyring_open(bytes, seed, &keyring, NULL), OURO_OK);
	assert_memory_equal(keyring_id_key(keyring), secret, KEY_SIZE);
	assert_int_equal(keyring_epoch(keyring), 1);
	assert_int_equal(keyring_epoch_key(keyring, 1, &epoch_key, NULL),
	    OURO_OK);
	assert_memory_equal(epoch_key, id, KEY_SIZE);
	assert_int_equal(keyring_vault_id(keyring)[15], 0xaf);
	assert_int_equal(keyring_epoch_created_ms(keyring, 0), 1000);
	assert_int_equal(keyring_epoch_created_ms(keyring, 1), 2000);
	assert_int_equal(keyring_member_count(keyring), 1);
	const struct member *member = keyring_member(keyring, 0);
	assert_string_equal(member->label, "node-a");
	assert_int_equal(member->kind, MEMBER_NODE);
	assert_int_equal(member->added_ms, 3000);
	assert_hex(member->fingerprint, FINGERPRINT_SIZE, fingerprint_text);
	assert_int_equal(keyring_encode(keyring, &again, NULL), OURO_OK);
	assert_true(bytes_equal(buffer_bytes(&again), bytes));
	buffer_release(&again);
	keyring_free(keyring);
}

static void
K28_key_file_with_and_without_passphrase(void **state)
{
	uint8_t public_key[KEM_PUBLIC_SIZE], sealed[96], tag[16];
	char public_text[2200], seed_text[200], sealed_text[200], tag_text[40];
	char text[4096];
	struct member_key key;

	(void)state;
	assert_int_equal(kem_public(seed, public_key, NULL), OURO_OK);
	base64_encode(bytes_of(public_key, sizeof public_key), public_text);
	base64_encode(bytes_of(seed, sizeof seed), seed_text);
	base64_encode(hex_bytes(member_sealed_seed, sealed, 96), sealed_text);
	base64_encode(hex_bytes(member_tag, tag, 16), tag_text);
	snprintf(text, sizeof text,
	    "{\"format\":\"ouroboros-member-key\","
	    "\"version\":1,\"public_key\":\"%s\",\"seed\":\"%s\"}",
	    public_text, seed_text);
	assert_int_equal(member_key_decode(bytes_text(text), "a", NULL, &key,
			     NULL),
	    OURO_OK);
	assert_memory_equal(key.seed, seed, sizeof seed);
	snprintf(text, sizeof text,
	    "{\"format\":\"ouroboros-member-key\","
	    "\"version\":1,\"public_key\":\"%s\",\"kdf\":{"
	    "\"name\":\"argon2id\",\"memory_kib\":64,\"passes\":2,\"lanes\":1,"
	    "\"salt\":\"YGFiY2RlZmdoaWprbG1ubw==\"},"
	    "\"nonce\":\"cHFyc3R1dnd4eXp7\",\"sealed_seed\":\"%s\","
	    "\"tag\":\"%s\"}",
	    public_text, sealed_text, tag_text);
	assert_int_equal(member_key_decode(bytes_text(text), "a",
			     "correct horse", &key, NULL),
	    OURO_OK);
	assert_memory_equal(key.seed, seed, sizeof seed);
	assert_int_equal(member_key_decode(bytes_text(text), "a",
			     "correct hors", &key, NULL),
	    OURO_WRONG_KEY);
}

static enum ouro_status
stream_give(void *context, void *data, size_t size, size_t *got,
    struct ouro_error *err)
{
	struct bytes *rest = context;

	(void)err;
	*got = size < rest->size ? size : rest->size;
	memcpy(data, rest->data, *got);
	*rest = bytes_of(rest->data + *got, rest->size - *got);
	return OURO_OK;
}

static void
stream_of_frames(void **state)
{
	static const struct {
		uint8_t type;
		const char *content;
	} frames[] = { { 5, "the snake that eats its tail" }, { 6, "" },
		{ ARCHIVE_END, "\x02" } };
	uint8_t stored[512], key[KEY_SIZE], type;
	struct bytes rest, content;
	struct archive_reader *reader;
	struct archive_head head;

	(void)state;
	rest = hex_bytes(archive_stream, stored, sizeof stored);
	assert_int_equal(derive_archive_key(secret, key, NULL), OURO_OK);
	assert_int_equal(archive_reader_new(stream_give, &rest, &reader, NULL),
	    OURO_OK);
	assert_int_equal(archive_read_head(reader, &head, NULL), OURO_OK);
	assert_int_equal(head.kind, ARCHIVE_VAULT);
	assert_int_equal(head.vault_id[15], 0xaf);
	assert_true(bytes_equal(head.opener, bytes_text("what opens it")));
	assert_int_equal(archive_unlock(reader, key, NULL), OURO_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(archive_read(reader, &type, &content, NULL),
		    OURO_OK);
		assert_int_equal(type, frames[i].type);
		assert_true(
		    bytes_equal(content, bytes_text(frames[i].content)));
	}
	assert_int_equal(archive_read(reader, &type, &content, NULL), OURO_END);
	archive_reader_free(reader);
}

static void
printed_recovery_key(void **state)
{
	char text[RECOVERY_TEXT_SIZE];
	uint8_t key[RECOVERY_SIZE];
	struct member_key member;

	(void)state;
	assert_int_equal(recovery_encode(secret, text, NULL), OURO_OK);
	assert_string_equal(text, recovery_text);
	assert_int_equal(recovery_decode(recovery_text, key, NULL), OURO_OK);
	assert_memory_equal(key, secret, sizeof key);
	assert_int_equal(recovery_member(key, &member, NULL), OURO_OK);
	assert_hex(member.seed, sizeof member.seed, derived_recovery);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K14_derived_keys),
		cmocka_unit_test(parity_rows),
		cmocka_unit_test(length_buckets),
		cmocka_unit_test(stored_slices),
		cmocka_unit_test(stored_keyring),
		cmocka_unit_test(K28_key_file_with_and_without_passphrase),
		cmocka_unit_test(printed_recovery_key),
		cmocka_unit_test(stream_of_frames),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

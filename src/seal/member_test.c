#include "seal/member.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs_memory.h"

/* Enough for a test, far too little for a passphrase. */
static const struct argon2_cost cheap = { 64, 1, 1 };

static struct fs *fs;
static struct member_key known;
static struct buffer plain, sealed; /* its file, in both forms */

static int
setup(void **state)
{
	(void)state;
	fs = fs_memory_new(5);
	return fs == NULL || member_key_new(fs, &known, NULL) ||
	    member_key_encode(fs, &known, NULL, &cheap, &plain, NULL) ||
	    member_key_encode(fs, &known, "open sesame", &cheap, &sealed, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	buffer_wipe(&plain);
	buffer_wipe(&sealed);
	fs_memory_free(fs);
	return 0;
}

static enum ouro_status
decode(struct bytes text, const char *passphrase, struct ouro_error *err)
{
	struct member_key key;
	enum ouro_status status = member_key_decode(text, "dir/the.key",
	    passphrase, &key, err);

	if (!status)
		assert_memory_equal(&key, &known, sizeof key);
	else if (err)
		assert_non_null(strstr(err->text, "dir/the.key"));
	return status;
}

/* The text with the first `from` replaced by `to`. */
static void
replaced(const struct buffer *text, const char *from, const char *to,
    struct buffer *out)
{
	char *copy = calloc(1, text->size + 1);
	assert_non_null(copy);
	memcpy(copy, text->data, text->size);
	char *at = strstr(copy, from);
	assert_non_null(at);
	out->size = 0;
	assert_int_equal(buffer_append(out, bytes_of(copy, (size_t)(at - copy)),
			     NULL),
	    OURO_OK);
	assert_int_equal(buffer_append(out, bytes_text(to), NULL), OURO_OK);
	assert_int_equal(buffer_append(out, bytes_text(at + strlen(from)),
			     NULL),
	    OURO_OK);
	free(copy);
}

static enum ouro_status
decode_replaced(const struct buffer *text, const char *from, const char *to)
{
	struct buffer changed = { 0 };
	struct ouro_error err = { 0 };

	replaced(text, from, to, &changed);
	enum ouro_status status = decode(buffer_bytes(&changed), "open sesame",
	    &err);
	buffer_release(&changed);
	return status;
}

/* ---- content ----------------------------------------------------------- */

static void
both_forms_come_back(void **state)
{
	(void)state;
	assert_int_equal(decode(buffer_bytes(&plain), NULL, NULL), OURO_OK);
	assert_int_equal(decode(buffer_bytes(&plain), "not needed", NULL),
	    OURO_OK);
	assert_int_equal(decode(buffer_bytes(&sealed), "open sesame", NULL),
	    OURO_OK);
}

static void
K28_a_passphrase_is_needed_and_checked(void **state)
{
	struct ouro_error err = { 0 };
	struct bytes text = buffer_bytes(&sealed);
	struct buffer out = { 0 };

	(void)state;
	assert_int_equal(decode(text, NULL, &err), OURO_WRONG_KEY);
	assert_non_null(strstr(err.text, "passphrase"));
	assert_int_equal(decode(text, "", &err), OURO_WRONG_KEY);
	assert_int_equal(decode(text, "open sesam", &err), OURO_WRONG_KEY);
	assert_int_equal(decode(text, "Open sesame", &err), OURO_WRONG_KEY);
	assert_int_equal(member_key_encode(fs, &known, "", &cheap, &out, NULL),
	    OURO_INVALID);
	assert_int_equal(out.size, 0);
	/* Salt and nonce are new each time. */
	assert_int_equal(member_key_encode(fs, &known, "open sesame", &cheap,
			     &out, NULL),
	    OURO_OK);
	assert_false(bytes_equal(buffer_bytes(&out), text));
	buffer_release(&out);
}

static void
every_truncation_is_damage(void **state)
{
	const struct buffer *texts[] = { &plain, &sealed };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		/* Without its last line break it is still whole. */
		assert_int_equal(decode(bytes_of(texts[i]->data,
					    texts[i]->size - 1),
				     "open sesame", NULL),
		    OURO_OK);
		for (size_t size = 0; size + 1 < texts[i]->size; size++) {
			struct ouro_error err = { 0 };
			assert_int_equal(decode(bytes_of(texts[i]->data, size),
					     "open sesame", &err),
			    OURO_DAMAGED);
			char place[24];
			snprintf(place, sizeof place, "%zu", size);
			if (!strstr(err.text, place))
				fail_msg("%zu: %s", size, err.text);
		}
	}
}

/*
 * What the public key does not depend on goes unnoticed in a file without a
 * passphrase: ML-KEM's z, bytes 32 to 63, which only answers forged
 * ciphertexts, and the bits that X25519 clamps. The key still opens all.
 */
static bool
seed_is_as_good(const uint8_t seed[KEM_SEED_SIZE])
{
	uint8_t public_key[KEM_PUBLIC_SIZE];

	assert_int_equal(kem_public(seed, public_key, NULL), OURO_OK);
	return memcmp(seed, known.seed, 32) == 0 &&
	    memcmp(seed + 65, known.seed + 65, 30) == 0 &&
	    memcmp(public_key, known.public_key, KEM_PUBLIC_SIZE) == 0;
}

static void
every_changed_character_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < plain.size; i++) {
		struct member_key key;
		plain.data[i] ^= 1;
		enum ouro_status status = member_key_decode(buffer_bytes(
								&plain),
		    "", NULL, &key, NULL);
		plain.data[i] ^= 1;
		if (status == OURO_OK && !seed_is_as_good(key.seed))
			fail_msg("byte %zu", i);
	}
	for (size_t i = 0; i < sealed.size; i++) {
		sealed.data[i] ^= 1;
		enum ouro_status status = decode(buffer_bytes(&sealed),
		    "open sesame", NULL);
		sealed.data[i] ^= 1;
		if (status == OURO_OK)
			fail_msg("byte %zu", i);
	}
}

static void
foreign_and_newer_files_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(decode(bytes_text("{}"), NULL, NULL), OURO_DAMAGED);
	assert_int_equal(decode(bytes_text("[]"), NULL, NULL), OURO_DAMAGED);
	assert_int_equal(decode(bytes_text("\xff\xfe"), NULL, NULL),
	    OURO_DAMAGED);
	assert_int_equal(decode_replaced(&plain, "ouroboros-member-key",
			     "age-key"),
	    OURO_DAMAGED);
	assert_int_equal(decode_replaced(&plain, "\"version\":1",
			     "\"version\":2"),
	    OURO_UNSUPPORTED);
	assert_int_equal(decode_replaced(&plain, "\"version\":1",
			     "\"version\":1.0"),
	    OURO_DAMAGED);
	assert_int_equal(decode_replaced(&plain, "\"version\":1",
			     "\"version\":1,\"more\":0"),
	    OURO_DAMAGED);
	assert_int_equal(decode_replaced(&plain, "\"version\":1",
			     "\"version\":1,\"version\":1"),
	    OURO_DAMAGED);
	assert_int_equal(decode_replaced(&plain, "\"version\":1",
			     " \"version\" : 1 "),
	    OURO_OK);
	assert_int_equal(decode_replaced(&sealed, "\"version\":1",
			     "\"version\":1,\"seed\":\"\""),
	    OURO_DAMAGED);
	assert_int_equal(decode_replaced(&sealed, "\"argon2id\"", "\"scrypt\""),
	    OURO_DAMAGED);
	assert_int_equal(decode_replaced(&sealed, "\"name\"", "\"nome\""),
	    OURO_DAMAGED);
}

static void
what_a_file_may_cost_is_bounded(void **state)
{
	static const char *const memory[] = { "0", "7", "1048577", "4294967296",
		"18446744073709551616", "-64", "6.4e1", "\"64\"" };

	(void)state;
	for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++) {
		char text[64];
		snprintf(text, sizeof text, "\"memory_kib\":%s", memory[i]);
		assert_int_equal(decode_replaced(&sealed, "\"memory_kib\":64",
				     text),
		    OURO_DAMAGED);
	}
	assert_int_equal(decode_replaced(&sealed, "\"passes\":1",
			     "\"passes\":65"),
	    OURO_DAMAGED);
	assert_int_equal(decode_replaced(&sealed, "\"passes\":1",
			     "\"passes\":0"),
	    OURO_DAMAGED);
	assert_int_equal(decode_replaced(&sealed, "\"lanes\":1",
			     "\"lanes\":65"),
	    OURO_DAMAGED);
	assert_int_equal(decode_replaced(&sealed, "\"lanes\":1", "\"lanes\":9"),
	    OURO_DAMAGED); /* 64 KiB are 8 lanes at most */
	/* Within bounds it is simply another key. */
	assert_int_equal(decode_replaced(&sealed, "\"passes\":1",
			     "\"passes\":2"),
	    OURO_WRONG_KEY);
}

static void
a_public_key_of_another_pair_is_found(void **state)
{
	struct member_key mixed, other;
	struct buffer text = { 0 };
	struct ouro_error err = { 0 };

	(void)state;
	assert_int_equal(member_key_new(fs, &other, NULL), OURO_OK);
	mixed = known;
	memcpy(mixed.public_key, other.public_key, KEM_PUBLIC_SIZE);
	assert_int_equal(member_key_encode(fs, &mixed, NULL, &cheap, &text,
			     NULL),
	    OURO_OK);
	assert_int_equal(decode(buffer_bytes(&text), NULL, &err), OURO_DAMAGED);
	assert_non_null(strstr(err.text, "together"));
	buffer_release(&text);
}

/* ---- files ------------------------------------------------------------- */

static void
K28_key_file_is_private(void **state)
{
	char directory[] = "/tmp/ouroboros-member-XXXXXX", path[64];
	struct member_key key;
	struct stat info;
	bool is_sealed = true;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/node.key", directory);
	file = fopen(path, "w"); /* an older one, open to all */
	assert_non_null(file);
	fclose(file);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(member_key_write(fs_posix(), path, &known, NULL, NULL),
	    OURO_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(member_key_read(fs_posix(), path, NULL, &key, NULL),
	    OURO_OK);
	assert_memory_equal(&key, &known, sizeof key);
	assert_int_equal(member_key_is_sealed(fs_posix(), path, &is_sealed,
			     NULL),
	    OURO_OK);
	assert_false(is_sealed);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0); /* nothing was left beside */
}

static void
K28_a_passphrase_file_has_the_default_cost(void **state)
{
	struct member_key key;
	struct buffer text = { 0 };
	bool is_sealed = false;

	(void)state;
	assert_int_equal(member_key_write(fs, "s.key", &known, "a pass", NULL),
	    OURO_OK);
	assert_int_equal(fs_read_file(fs, "s.key", 65536, &text, NULL),
	    OURO_OK);
	assert_int_equal(buffer_append(&text, bytes_of("", 1), NULL), OURO_OK);
	assert_non_null(strstr((char *)text.data,
	    "\"memory_kib\":65536,"
	    "\"passes\":3,\"lanes\":1,"));
	assert_int_equal(member_key_is_sealed(fs, "s.key", &is_sealed, NULL),
	    OURO_OK);
	assert_true(is_sealed);
	assert_int_equal(member_key_read(fs, "s.key", "a pass", &key, NULL),
	    OURO_OK);
	assert_memory_equal(&key, &known, sizeof key);
	buffer_release(&text);
}

/* Two who make the same first key at once: one is told. */
static void
a_key_file_is_created_once(void **state)
{
	struct member_key first, second, read;

	(void)state;
	assert_int_equal(member_key_new(fs, &first, NULL), OURO_OK);
	assert_int_equal(member_key_new(fs, &second, NULL), OURO_OK);
	assert_int_equal(member_key_create(fs, "/key", &first, NULL, NULL),
	    OURO_OK);
	assert_int_equal(member_key_create(fs, "/key", &second, NULL, NULL),
	    OURO_EXISTS);
	assert_int_equal(member_key_read(fs, "/key", NULL, &read, NULL),
	    OURO_OK);
	assert_memory_equal(&read, &first, sizeof(read));
}

/* Reading through a link is fine; writing would put a file in its place. */
static void
links_to_key_files_are_not_replaced(void **state)
{
	char dir[] = "/tmp/member_test.XXXXXX", key_path[64], link_path[64];
	struct fs *disk = fs_posix();
	struct ouro_error err = { 0 };
	struct member_key key, read;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(key_path, sizeof(key_path), "%s/key", dir);
	snprintf(link_path, sizeof(link_path), "%s/link", dir);
	assert_int_equal(member_key_new(fs, &key, NULL), OURO_OK);
	assert_int_equal(member_key_write(disk, key_path, &key, NULL, NULL),
	    OURO_OK);
	assert_int_equal(symlink(key_path, link_path), 0);
	assert_int_equal(member_key_read(disk, link_path, NULL, &read, NULL),
	    OURO_OK);
	assert_memory_equal(&read, &key, sizeof(read));
	assert_int_equal(member_key_write(disk, link_path, &key, NULL, &err),
	    OURO_REFUSED);
	assert_non_null(strstr(err.text, link_path));
	assert_int_equal(member_key_create(disk, link_path, &key, NULL, NULL),
	    OURO_EXISTS);
	assert_int_equal(unlink(link_path), 0);
	assert_int_equal(unlink(key_path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void
missing_and_oversized_files(void **state)
{
	struct member_key key;
	struct ouro_error err = { 0 };
	struct buffer large = { 0 };
	bool is_sealed;

	(void)state;
	assert_int_equal(member_key_read(fs, "none.key", NULL, &key, &err),
	    OURO_NOT_FOUND);
	assert_non_null(strstr(err.text, "none.key"));
	assert_int_equal(member_key_is_sealed(fs, "none.key", &is_sealed, NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(buffer_resize(&large, 100000, NULL), OURO_OK);
	memset(large.data, ' ', large.size);
	assert_int_equal(fs_write_file(fs, "large.key", buffer_bytes(&large),
			     NULL),
	    OURO_OK);
	assert_int_equal(member_key_read(fs, "large.key", NULL, &key, &err),
	    OURO_DAMAGED);
	assert_non_null(strstr(err.text, "large.key"));
	buffer_release(&large);
}

static enum ouro_status
count_name(void *context, const char *name, struct ouro_error *err)
{
	(void)name;
	(void)err;
	++*(unsigned *)context;
	return OURO_OK;
}

static void
K28_a_failed_write_leaves_a_whole_file(void **state)
{
	struct member_key other, key;
	bool failed = true;

	(void)state;
	assert_int_equal(member_key_new(fs, &other, NULL), OURO_OK);
	assert_int_equal(fs_mkdir(fs, "keys", NULL), OURO_OK);
	for (uint64_t nth = 1; failed; nth++) {
		unsigned names = 0;
		assert_true(nth < 100);
		assert_int_equal(member_key_write(fs, "keys/a", &known, NULL,
				     NULL),
		    OURO_OK);
		fs_memory_fault(fs,
		    (struct fs_fault){ .call = FS_CALL_ANY,
			.nth = nth,
			.errnum = EIO,
			.short_write = true });
		failed = member_key_write(fs, "keys/a", &other, NULL, NULL) !=
		    OURO_OK;
		bool synced = fs_memory_calls(fs, FS_CALL_SYNC_DIR) > 0;
		fs_memory_fault(fs, (struct fs_fault){ 0 });
		assert_int_equal(member_key_read(fs, "keys/a", NULL, &key,
				     NULL),
		    OURO_OK);
		/* A directory that cannot be synced has the new name already:
		 * either file is whole. */
		if (memcmp(&key, &other, sizeof key) != 0)
			assert_memory_equal(&key, &known, sizeof key);
		else
			assert_true(!failed || synced);
		assert_int_equal(fs_list(fs, "keys", count_name, &names, NULL),
		    OURO_OK);
		assert_int_equal(names, 1);
		assert_true(failed || nth > 3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_come_back),
		cmocka_unit_test(K28_a_passphrase_is_needed_and_checked),
		cmocka_unit_test(every_truncation_is_damage),
		cmocka_unit_test(every_changed_character_is_found),
		cmocka_unit_test(foreign_and_newer_files_are_told_apart),
		cmocka_unit_test(what_a_file_may_cost_is_bounded),
		cmocka_unit_test(a_public_key_of_another_pair_is_found),
		cmocka_unit_test(K28_key_file_is_private),
		cmocka_unit_test(K28_a_passphrase_file_has_the_default_cost),
		cmocka_unit_test(missing_and_oversized_files),
		cmocka_unit_test(K28_a_failed_write_leaves_a_whole_file),
		cmocka_unit_test(a_key_file_is_created_once),
		cmocka_unit_test(links_to_key_files_are_not_replaced),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

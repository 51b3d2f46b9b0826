#include "seal/member.h"

#include <assert.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/json_writer.h"
#include "seal/member_text.h"
#include "seal/passphrase.h"

#define FILE_MAX ((size_t)64 * 1024)

const struct argon2_cost member_cost_default = {
	.memory_kib = 64 * 1024,
	.passes = 3,
	.lanes = 1,
};

enum ouro_status
member_key_new(struct fs *fs, struct member_key *out, struct ouro_error *err)
{
	enum ouro_status status = fs_random(fs, out->seed, KEM_SEED_SIZE, err);

	if (!status)
		status = kem_public(out->seed, out->public_key, err);
	if (status)
		member_key_wipe(out);
	return status;
}

void
member_key_wipe(struct member_key *key)
{
	bytes_wipe(key, sizeof *key);
}

/* ---- writing ----------------------------------------------------------- */

static void
write_base64(struct json_writer *json, const char *name, const void *data,
    size_t size)
{
	char text[BASE64_LENGTH(KEM_PUBLIC_SIZE) + 1];

	assert(size <= KEM_PUBLIC_SIZE);
	base64_encode(bytes_of(data, size), text);
	json_write_key(json, name);
	json_write_text(json, text);
	bytes_wipe(text, sizeof text);
}

static void
write_number(struct json_writer *json, const char *name, uint64_t number)
{
	json_write_key(json, name);
	json_write_u64(json, number);
}

static void
write_sealed(struct json_writer *json, const struct sealed_seed *sealed)
{
	json_write_key(json, "kdf");
	json_write_object_begin(json);
	json_write_key(json, "name");
	json_write_text(json, MEMBER_KDF_NAME);
	write_number(json, "memory_kib", sealed->cost.memory_kib);
	write_number(json, "passes", sealed->cost.passes);
	write_number(json, "lanes", sealed->cost.lanes);
	write_base64(json, "salt", sealed->salt, PASSPHRASE_SALT_SIZE);
	json_write_object_end(json);
	write_base64(json, "nonce", sealed->nonce, NONCE_SIZE);
	write_base64(json, "sealed_seed", sealed->seed, KEM_SEED_SIZE);
	write_base64(json, "tag", sealed->tag, TAG_SIZE);
}

enum ouro_status
member_key_encode(struct fs *fs, const struct member_key *key,
    const char *passphrase, const struct argon2_cost *cost, struct buffer *out,
    struct ouro_error *err)
{
	struct sealed_seed sealed = { .cost = *cost };
	struct json_writer json;
	enum ouro_status status;

	if (passphrase && !*passphrase)
		return error_set(err, OURO_INVALID,
		    "an empty passphrase protects nothing");
	if (passphrase) {
		status = passphrase_seal(fs, key, passphrase, &sealed, err);
		if (status)
			return status;
	}
	json_writer_init(&json, out);
	json_write_object_begin(&json);
	json_write_key(&json, "format");
	json_write_text(&json, MEMBER_FORMAT);
	write_number(&json, "version", MEMBER_VERSION);
	write_base64(&json, "public_key", key->public_key, KEM_PUBLIC_SIZE);
	if (passphrase)
		write_sealed(&json, &sealed);
	else
		write_base64(&json, "seed", key->seed, KEM_SEED_SIZE);
	json_write_object_end(&json);
	status = json_writer_finish(&json, err);
	if (status)
		return status;
	return buffer_append(out, bytes_text("\n"), err);
}

typedef enum ouro_status text_put(struct fs *fs, const char *path,
    struct bytes content, struct ouro_error *err);

static enum ouro_status
key_put(struct fs *fs, const char *path, const struct member_key *key,
    const char *passphrase, text_put *put, struct ouro_error *err)
{
	struct buffer text = { 0 };
	enum ouro_status status = member_key_encode(fs, key, passphrase,
	    &member_cost_default, &text, err);

	if (!status)
		status = put(fs, path, buffer_bytes(&text), err);
	buffer_wipe(&text);
	return status;
}

enum ouro_status
member_key_write(struct fs *fs, const char *path, const struct member_key *key,
    const char *passphrase, struct ouro_error *err)
{
	struct fs_info info;

	if (fs_stat(fs, path, &info, NULL) == OURO_OK && info.link)
		return error_set(err, OURO_REFUSED,
		    "%s is a symbolic link; name the key file itself", path);
	return key_put(fs, path, key, passphrase, fs_write_file, err);
}

enum ouro_status
member_key_create(struct fs *fs, const char *path, const struct member_key *key,
    const char *passphrase, struct ouro_error *err)
{
	return key_put(fs, path, key, passphrase, fs_create_file, err);
}

/* ---- files ------------------------------------------------------------- */

static enum ouro_status
read_text(struct fs *fs, const char *path, struct buffer *out,
    struct ouro_error *err)
{
	enum ouro_status status = fs_read_file(fs, path, FILE_MAX, out, err);

	if (status == OURO_TOO_LARGE)
		return error_set(err, OURO_DAMAGED,
		    "%s: over %zu bytes, so not a key file", path, FILE_MAX);
	return status;
}

enum ouro_status
member_key_read(struct fs *fs, const char *path, const char *passphrase,
    struct member_key *out, struct ouro_error *err)
{
	struct buffer text = { 0 };
	enum ouro_status status = read_text(fs, path, &text, err);

	if (!status)
		status = member_key_decode(buffer_bytes(&text), path,
		    passphrase, out, err);
	buffer_wipe(&text);
	return status;
}

enum ouro_status
member_key_is_sealed(struct fs *fs, const char *path, bool *sealed,
    struct ouro_error *err)
{
	struct buffer text = { 0 };
	enum ouro_status status = read_text(fs, path, &text, err);

	if (!status)
		status = member_text_is_sealed(buffer_bytes(&text), path,
		    sealed, err);
	buffer_wipe(&text);
	return status;
}

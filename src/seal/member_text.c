#include "seal/member_text.h"

#include <inttypes.h>

#include "base/encoding.h"
#include "base/error.h"
#include "seal/passphrase.h"

#define PLAIN_FIELDS  4
#define SEALED_FIELDS 7
#define KDF_FIELDS    5

/* What is being read, for error texts. */
struct reading {
	const char *path;
	struct bytes text;
};

static size_t
place_of(const struct reading *reading, struct json_value value)
{
	return (size_t)(value.raw.data - reading->text.data);
}

/* value is a piece of the file that should hold `name`. */
static enum ouro_status
field_wrong(const struct reading *reading, struct json_value value,
    const char *name, struct ouro_error *err)
{
	return error_set(err, OURO_DAMAGED,
	    "%s: \"%s\" at byte %zu is missing or wrong", reading->path, name,
	    place_of(reading, value));
}

static enum ouro_status
read_base64(const struct reading *reading, struct json_value object,
    const char *name, uint8_t *out, size_t size, struct ouro_error *err)
{
	struct json_value value = object;
	struct buffer text = { 0 }, data = { 0 };
	enum ouro_status status = json_find(object, name, &value, NULL);

	if (!status)
		status = json_string(value, &text, NULL);
	if (!status)
		status = base64_decode((const char *)text.data, text.size,
		    &data, NULL);
	if (!status && data.size == size)
		memcpy(out, data.data, size);
	else if (status == OURO_NO_MEMORY)
		status = error_memory(err);
	else
		status = field_wrong(reading, value, name, err);
	buffer_wipe(&text);
	buffer_wipe(&data);
	return status;
}

static enum ouro_status
read_number(const struct reading *reading, struct json_value object,
    const char *name, uint32_t most, uint32_t *out, struct ouro_error *err)
{
	struct json_value value = object;
	uint64_t number = 0;

	if (json_find(object, name, &value, NULL) ||
	    json_u64(value, &number, NULL) || number < 1)
		return field_wrong(reading, value, name, err);
	if (number > most)
		return error_set(err, OURO_DAMAGED,
		    "%s: \"%s\" at byte %zu is %" PRIu64 ", over the limit "
		    "of %" PRIu32,
		    reading->path, name, place_of(reading, value), number,
		    most);
	*out = (uint32_t)number;
	return OURO_OK;
}

static enum ouro_status
expect_text(const struct reading *reading, struct json_value object,
    const char *name, const char *expected, struct ouro_error *err)
{
	struct json_value value = object;
	struct buffer text = { 0 };
	enum ouro_status status = json_find(object, name, &value, NULL);

	if (!status)
		status = json_string(value, &text, NULL);
	if (status == OURO_NO_MEMORY)
		status = error_memory(err);
	else if (status ||
	    !bytes_equal(buffer_bytes(&text), bytes_text(expected)))
		status = field_wrong(reading, value, name, err);
	buffer_release(&text);
	return status;
}

/* As many members as there should be; with each of these found, none is
 * unknown or double. */
static enum ouro_status
expect_fields(const struct reading *reading, struct json_value object,
    unsigned expected, struct ouro_error *err)
{
	struct json_walk walk;
	struct json_value value;
	struct buffer key = { 0 };
	unsigned count = 0;
	enum ouro_status status = json_enter_object(object, &walk, NULL);

	while (
	    !status && !(status = json_next_member(&walk, &key, &value, NULL)))
		count++;
	buffer_release(&key);
	if (status == OURO_NO_MEMORY)
		return error_memory(err);
	if (status != OURO_END || count != expected)
		return error_set(err, OURO_DAMAGED,
		    "%s: the object at byte %zu is not the %u members of a "
		    "key file",
		    reading->path, place_of(reading, object), expected);
	return OURO_OK;
}

static enum ouro_status
read_kdf(const struct reading *reading, struct json_value kdf,
    struct sealed_seed *out, struct ouro_error *err)
{
	enum ouro_status status = expect_fields(reading, kdf, KDF_FIELDS, err);

	if (!status)
		status = expect_text(reading, kdf, "name", MEMBER_KDF_NAME,
		    err);
	if (!status)
		status = read_number(reading, kdf, "memory_kib",
		    MEMBER_MEMORY_KIB_MAX, &out->cost.memory_kib, err);
	if (!status)
		status = read_number(reading, kdf, "passes", MEMBER_PASSES_MAX,
		    &out->cost.passes, err);
	if (!status)
		status = read_number(reading, kdf, "lanes", MEMBER_LANES_MAX,
		    &out->cost.lanes, err);
	if (!status && out->cost.memory_kib < 8 * out->cost.lanes)
		status = field_wrong(reading, kdf, "memory_kib", err);
	if (!status)
		status = read_base64(reading, kdf, "salt", out->salt,
		    PASSPHRASE_SALT_SIZE, err);
	return status;
}

static enum ouro_status
read_sealed(const struct reading *reading, struct json_value file,
    struct json_value kdf, struct sealed_seed *out, struct ouro_error *err)
{
	enum ouro_status status = expect_fields(reading, file, SEALED_FIELDS,
	    err);

	if (!status)
		status = read_kdf(reading, kdf, out, err);
	if (!status)
		status = read_base64(reading, file, "nonce", out->nonce,
		    NONCE_SIZE, err);
	if (!status)
		status = read_base64(reading, file, "sealed_seed", out->seed,
		    KEM_SEED_SIZE, err);
	if (!status)
		status = read_base64(reading, file, "tag", out->tag, TAG_SIZE,
		    err);
	return status;
}

/* Checks what kind of file it is. */
static enum ouro_status
read_head(const struct reading *reading, struct json_value *file,
    struct ouro_error *err)
{
	struct ouro_error inner = { 0 };
	uint32_t version = 0;
	enum ouro_status status = json_parse(reading->text, file, NULL, &inner);

	if (status == OURO_NO_MEMORY)
		return error_memory(err);
	if (status)
		return error_set(err, OURO_DAMAGED,
		    "%s: not a whole key file: %s", reading->path, inner.text);
	status = expect_text(reading, *file, "format", MEMBER_FORMAT, err);
	if (!status)
		status = read_number(reading, *file, "version", UINT32_MAX,
		    &version, err);
	if (!status && version != MEMBER_VERSION)
		status = error_set(err, OURO_UNSUPPORTED,
		    "%s: a key file of version %" PRIu32 "; this program knows "
		    "version %d",
		    reading->path, version, MEMBER_VERSION);
	return status;
}

/* The seed is what counts; a public key that is not its own would be added
 * to vaults that it cannot open. */
static enum ouro_status
expect_pair(const struct reading *reading, const struct member_key *key,
    struct ouro_error *err)
{
	uint8_t public_key[KEM_PUBLIC_SIZE];
	enum ouro_status status = kem_public(key->seed, public_key, err);

	if (!status &&
	    memcmp(public_key, key->public_key, KEM_PUBLIC_SIZE) != 0)
		status = error_set(err, OURO_DAMAGED,
		    "%s: its public and private key do not belong together",
		    reading->path);
	return status;
}

enum ouro_status
member_key_decode(struct bytes text, const char *path, const char *passphrase,
    struct member_key *out, struct ouro_error *err)
{
	struct reading reading = { path, text };
	struct json_value file, kdf;
	struct sealed_seed sealed;
	enum ouro_status status = read_head(&reading, &file, err);

	if (!status)
		status = read_base64(&reading, file, "public_key",
		    out->public_key, KEM_PUBLIC_SIZE, err);
	if (status)
		goto out;
	if (json_find(file, "kdf", &kdf, NULL) == OURO_OK) {
		status = read_sealed(&reading, file, kdf, &sealed, err);
		if (!status)
			status = passphrase_open(&sealed, path, passphrase, out,
			    err);
	} else {
		status = expect_fields(&reading, file, PLAIN_FIELDS, err);
		if (!status)
			status = read_base64(&reading, file, "seed", out->seed,
			    KEM_SEED_SIZE, err);
	}
	if (!status)
		status = expect_pair(&reading, out, err);
out:
	if (status)
		member_key_wipe(out);
	return status;
}

enum ouro_status
member_text_is_sealed(struct bytes text, const char *path, bool *sealed,
    struct ouro_error *err)
{
	struct reading reading = { path, text };
	struct json_value file, kdf;
	enum ouro_status status = read_head(&reading, &file, err);

	if (!status)
		*sealed = json_find(file, "kdf", &kdf, NULL) == OURO_OK;
	return status;
}

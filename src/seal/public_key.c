#include "seal/public_key.h"

#include <assert.h>

#include "base/error.h"
#include "crypt/hash.h"

#define PREFIX_SIZE (sizeof(PUBLIC_KEY_PREFIX) - 1)
#define CODE_LENGTH BASE64_LENGTH(PUBLIC_KEY_SIZE)

_Static_assert(PUBLIC_KEY_SIZE % 3 == 0, "no padding, no unused bits");

static enum ouro_status
key_check(const uint8_t public_key[KEM_PUBLIC_SIZE],
    uint8_t check[PUBLIC_KEY_CHECK_SIZE], struct ouro_error *err)
{
	struct bytes parts[] = { bytes_text("ouroboros public key 1"),
		bytes_of(public_key, KEM_PUBLIC_SIZE) };
	uint8_t hash[HASH_SIZE];
	enum ouro_status status = hash_sha256_parts(parts, 2, hash, err);

	if (status == OURO_OK)
		memcpy(check, hash, PUBLIC_KEY_CHECK_SIZE);
	return status;
}

enum ouro_status
public_key_encode(const uint8_t public_key[KEM_PUBLIC_SIZE],
    char out[PUBLIC_KEY_TEXT_SIZE], struct ouro_error *err)
{
	uint8_t code[PUBLIC_KEY_SIZE];
	enum ouro_status status = key_check(public_key, code + KEM_PUBLIC_SIZE,
	    err);

	if (status != OURO_OK)
		return status;
	memcpy(code, public_key, KEM_PUBLIC_SIZE);
	memcpy(out, PUBLIC_KEY_PREFIX, PREFIX_SIZE);
	base64url_encode(bytes_of(code, sizeof(code)), out + PREFIX_SIZE);
	assert(strlen(out) + 1 == PUBLIC_KEY_TEXT_SIZE);
	return OURO_OK;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The code between the prefix and trailing white space; *length is its. */
static const char *
code_find(const char *text, size_t *length)
{
	while (is_space(*text))
		text++;
	if (strncmp(text, PUBLIC_KEY_PREFIX, PREFIX_SIZE) != 0)
		return NULL;
	text += PREFIX_SIZE;
	*length = strlen(text);
	while (*length > 0 && is_space(text[*length - 1]))
		(*length)--;
	return text;
}

static enum ouro_status
code_read(const char *code, size_t length, struct buffer *out,
    struct ouro_error *err)
{
	struct ouro_error error;
	enum ouro_status status;

	if (length != CODE_LENGTH)
		return error_set(err, OURO_INVALID,
		    "the public key has %zu characters behind its prefix, not "
		    "%zu: it was %s",
		    length, (size_t)CODE_LENGTH,
		    length < CODE_LENGTH ? "cut" : "added to");
	status = base64url_decode(code, length, out, &error);
	if (status == OURO_INVALID)
		return error_set(err, OURO_INVALID, "the public key: %s",
		    error.text);
	if (status != OURO_OK && err != NULL)
		*err = error;
	return status;
}

enum ouro_status
public_key_decode(const char *text, uint8_t public_key[KEM_PUBLIC_SIZE],
    struct ouro_error *err)
{
	uint8_t check[PUBLIC_KEY_CHECK_SIZE];
	struct buffer read = { 0 };
	size_t length;
	const char *code = code_find(text, &length);
	enum ouro_status status;

	if (code == NULL)
		return error_set(err, OURO_INVALID,
		    "a public key begins with \"" PUBLIC_KEY_PREFIX "\"");
	status = code_read(code, length, &read, err);
	if (status == OURO_OK)
		status = key_check(read.data, check, err);
	if (status == OURO_OK &&
	    !crypt_equal(check, read.data + KEM_PUBLIC_SIZE, sizeof(check)))
		status = error_set(err, OURO_INVALID,
		    "the public key has a wrong character: its check does not "
		    "fit");
	if (status == OURO_OK)
		memcpy(public_key, read.data, KEM_PUBLIC_SIZE);
	buffer_release(&read);
	return status;
}

#include "seal/recovery.h"

#include <assert.h>

#include "base/error.h"
#include "base/fs.h"
#include "crypt/hash.h"
#include "seal/derive.h"

#define PREFIX	    "OURO1"
#define PREFIX_SIZE 5
#define GROUP_SIZE  5
#define SYMBOLS	    55
#define CHECK_SIZE  2
#define CODE_SIZE   (RECOVERY_SIZE + CHECK_SIZE)

_Static_assert(CODE_SIZE * 8 + 3 == SYMBOLS * 5, "3 bits are left over");
_Static_assert(SYMBOLS % GROUP_SIZE == 0, "whole groups");
_Static_assert(RECOVERY_TEXT_SIZE ==
	PREFIX_SIZE + SYMBOLS + SYMBOLS / GROUP_SIZE + 1,
    "a hyphen before each group");
_Static_assert(DERIVE_RECOVERY_SIZE == KEM_SEED_SIZE, "a member's seed");

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum ouro_status
recovery_new(struct fs *fs, uint8_t out[RECOVERY_SIZE], struct ouro_error *err)
{
	return fs_random(fs, out, RECOVERY_SIZE, err);
}

static enum ouro_status
code_check(const uint8_t key[RECOVERY_SIZE], uint8_t check[CHECK_SIZE],
    struct ouro_error *err)
{
	uint8_t hash[HASH_SIZE];
	enum ouro_status status = hash_sha256(bytes_of(key, RECOVERY_SIZE),
	    hash, err);

	if (!status)
		memcpy(check, hash, CHECK_SIZE);
	bytes_wipe(hash, sizeof hash);
	return status;
}

/* The five bits from bit 5 x i on, high bit first; zeros behind the end. */
static unsigned
symbol_at(const uint8_t code[CODE_SIZE], unsigned i)
{
	unsigned bit = 5 * i, byte = bit / 8;
	unsigned pair = (unsigned)code[byte] << 8;

	if (byte + 1 < CODE_SIZE)
		pair |= code[byte + 1];
	return pair >> (11 - bit % 8) & 31;
}

static void
symbol_put(uint8_t code[CODE_SIZE], unsigned i, unsigned symbol)
{
	unsigned bit = 5 * i, byte = bit / 8;
	unsigned pair = symbol << (11 - bit % 8);

	code[byte] |= (uint8_t)(pair >> 8);
	if (byte + 1 < CODE_SIZE)
		code[byte + 1] |= (uint8_t)pair;
}

enum ouro_status
recovery_encode(const uint8_t key[RECOVERY_SIZE], char out[RECOVERY_TEXT_SIZE],
    struct ouro_error *err)
{
	uint8_t code[CODE_SIZE];
	enum ouro_status status = code_check(key, code + RECOVERY_SIZE, err);
	char *p = out;

	if (status)
		return status;
	memcpy(code, key, RECOVERY_SIZE);
	memcpy(p, PREFIX, PREFIX_SIZE);
	p += PREFIX_SIZE;
	for (unsigned i = 0; i < SYMBOLS; i++) {
		if (i % GROUP_SIZE == 0)
			*p++ = '-';
		*p++ = alphabet[symbol_at(code, i)];
	}
	*p++ = '\0';
	assert(p == out + RECOVERY_TEXT_SIZE);
	bytes_wipe(code, sizeof code);
	return OURO_OK;
}

static bool
is_space(char c)
{
	return c == '-' || c == ' ' || (c >= '\t' && c <= '\r');
}

/* Upper case, and the letters that are read as digits. */
static char
symbol_plain(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		return '0';
	return c == 'I' || c == 'L' ? '1' : c;
}

/* Passes over the prefix; NULL when it is another. */
static const char *
prefix_skip(const char *text)
{
	for (unsigned i = 0; i < PREFIX_SIZE; text++) {
		if (is_space(*text))
			continue;
		if (symbol_plain(*text) != symbol_plain(PREFIX[i]))
			return NULL;
		i++;
	}
	return text;
}

static enum ouro_status
symbols_read(const char *text, uint8_t code[CODE_SIZE], struct ouro_error *err)
{
	unsigned i = 0;

	for (; *text; text++) {
		if (is_space(*text))
			continue;
		const char *found = strchr(alphabet, symbol_plain(*text));
		if (!found)
			return error_set(err, OURO_INVALID,
			    "recovery key: group %u of 11 holds a character "
			    "that is in no recovery key",
			    i / GROUP_SIZE + 1);
		if (i == SYMBOLS)
			return error_set(err, OURO_INVALID,
			    "recovery key: longer than 11 groups of 5");
		unsigned symbol = (unsigned)(found - alphabet);
		if (i == SYMBOLS - 1 && symbol % 8 != 0)
			return error_set(err, OURO_INVALID,
			    "recovery key: group 11 ends in a character that "
			    "cannot be there");
		symbol_put(code, i++, symbol);
	}
	if (i < SYMBOLS)
		return error_set(err, OURO_INVALID,
		    "recovery key: ends in group %u of 11, after %u of %u "
		    "characters",
		    i / GROUP_SIZE + 1, i, SYMBOLS);
	return OURO_OK;
}

enum ouro_status
recovery_decode(const char *text, uint8_t out[RECOVERY_SIZE],
    struct ouro_error *err)
{
	uint8_t code[CODE_SIZE] = { 0 }, check[CHECK_SIZE];
	const char *symbols = prefix_skip(text);
	enum ouro_status status;

	if (!symbols)
		return error_set(err, OURO_INVALID,
		    "recovery key: does not begin with \"" PREFIX "\"");
	status = symbols_read(symbols, code, err);
	if (!status)
		status = code_check(code, check, err);
	if (!status && !crypt_equal(check, code + RECOVERY_SIZE, CHECK_SIZE))
		status = error_set(err, OURO_INVALID,
		    "recovery key: the check does not fit, a character is "
		    "mistyped");
	if (!status)
		memcpy(out, code, RECOVERY_SIZE);
	bytes_wipe(code, sizeof code);
	return status;
}

enum ouro_status
recovery_member(const uint8_t key[RECOVERY_SIZE], struct member_key *out,
    struct ouro_error *err)
{
	enum ouro_status status = derive_recovery_seed(key, out->seed, err);

	if (!status)
		status = kem_public(out->seed, out->public_key, err);
	if (status)
		member_key_wipe(out);
	return status;
}

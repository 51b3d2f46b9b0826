/*
 * The same bytes as a member's key file (without a passphrase, so that none
 * is tried) and as a printed recovery key: what is read can be written and
 * read again.
 */
#include <stdlib.h>

#include "seal/recovery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
member_try(struct bytes text)
{
	struct member_key key, again;
	struct buffer out = { 0 };
	enum ouro_status status = member_key_decode(text, "file", NULL, &key,
	    NULL);

	if (status != OURO_OK) {
		if (status != OURO_DAMAGED && status != OURO_WRONG_KEY &&
		    status != OURO_UNSUPPORTED)
			abort();
		return;
	}
	if (member_key_encode(NULL, &key, NULL, &member_cost_default, &out,
		NULL) ||
	    member_key_decode(buffer_bytes(&out), "file", NULL, &again, NULL) ||
	    memcmp(&key, &again, sizeof key) != 0)
		abort();
	buffer_wipe(&out);
}

static void
recovery_try(const char *text)
{
	uint8_t key[RECOVERY_SIZE], again[RECOVERY_SIZE];
	char printed[RECOVERY_TEXT_SIZE];

	if (recovery_decode(text, key, NULL))
		return;
	if (recovery_encode(key, printed, NULL) ||
	    recovery_decode(printed, again, NULL) ||
	    memcmp(key, again, sizeof key) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	member_try(bytes_of(text, size));
	recovery_try(text);
	free(text);
	return 0;
}

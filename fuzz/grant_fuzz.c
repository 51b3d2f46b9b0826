/*
 * Any bytes as an encoded grant, and as the text of a public key: what is
 * read is written again as the same bytes.
 */
#include <stdlib.h>

#include "seal/grant.h"
#include "seal/public_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
grant_try(struct bytes encoded)
{
	struct buffer again = { 0 };
	struct grant grant;
	enum ouro_status status = grant_decode(encoded, &grant, NULL);

	if (status != OURO_OK) {
		if (status != OURO_DAMAGED && status != OURO_UNSUPPORTED)
			abort();
		return;
	}
	if (grant_encode(&grant, &again, NULL) != OURO_OK ||
	    !bytes_equal(encoded, buffer_bytes(&again)))
		abort();
	buffer_release(&again);
}

static void
public_key_try(const char *text)
{
	uint8_t key[KEM_PUBLIC_SIZE], back[KEM_PUBLIC_SIZE];
	char again[PUBLIC_KEY_TEXT_SIZE];
	enum ouro_status status = public_key_decode(text, key, NULL);

	if (status != OURO_OK) {
		if (status != OURO_INVALID)
			abort();
		return;
	}
	if (public_key_encode(key, again, NULL) != OURO_OK ||
	    public_key_decode(again, back, NULL) != OURO_OK ||
	    memcmp(key, back, sizeof(key)) != 0 || strstr(text, again) == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	grant_try(bytes_of(text, size));
	public_key_try(text);
	free(text);
	return 0;
}

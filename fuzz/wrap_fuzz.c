/*
 * wrap_open of any bytes, cut or padded to a wrapped key, with a fixed seed:
 * it opens, or is refused with the key zeroed.
 */
#include <stdlib.h>

#include "crypt/wrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[KEY_SIZE];
	uint8_t seed[KEM_SEED_SIZE], wrapped[WRAP_SIZE] = { 0 }, key[KEY_SIZE];
	struct ouro_error err;
	enum ouro_status status;

	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)(i * 3 + 1);
	if (size != 0)
		memcpy(wrapped, data, size < WRAP_SIZE ? size : WRAP_SIZE);
	status = wrap_open(seed, wrapped, key, &err);
	if (status != OURO_OK && status != OURO_WRONG_KEY)
		abort();
	if (status != OURO_OK && memcmp(key, zeros, KEY_SIZE) != 0)
		abort();
	return 0;
}

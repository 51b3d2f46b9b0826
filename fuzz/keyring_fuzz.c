/*
 * keyring_open of any bytes with the seed 00 to 5f: what opens encodes to the
 * same bytes again.
 */
#include <stdlib.h>

#include "seal/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t seed[KEM_SEED_SIZE];
	struct keyring *keyring = NULL;
	struct buffer again = { 0 };

	for (size_t i = 0; i < sizeof seed; i++)
		seed[i] = (uint8_t)i;
	enum ouro_status status = keyring_open(bytes_of(data, size), seed,
	    &keyring, NULL);
	if (status == OURO_OK) {
		if (keyring_encode(keyring, &again, NULL) ||
		    !bytes_equal(buffer_bytes(&again), bytes_of(data, size)))
			abort();
		buffer_release(&again);
		keyring_free(keyring);
	} else if (status != OURO_DAMAGED && status != OURO_WRONG_KEY) {
		abort();
	}
	return 0;
}

/*
 * Recovery keys as people type them: what is read is written the same way.
 */
#include <stdlib.h>

#include "seal/recovery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t key[RECOVERY_SIZE], again[RECOVERY_SIZE];
	char text[RECOVERY_TEXT_SIZE], *typed = malloc(size + 1);

	if (typed == NULL)
		return 0;
	memcpy(typed, data, size);
	typed[size] = '\0';
	if (recovery_decode(typed, key, NULL) == OURO_OK &&
	    (recovery_encode(key, text, NULL) != OURO_OK ||
		recovery_decode(text, again, NULL) != OURO_OK ||
		memcmp(key, again, sizeof(key)) != 0))
		abort();
	free(typed);
	return 0;
}

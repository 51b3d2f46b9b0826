/*
 * Foreign bytes as a stripe on its way: what decodes gives slices that decode,
 * and what these give on their way again is the same.
 */
#include <stdlib.h>

#include "seal/carried.h"
#include "seal/erasure.h"

#define K_MAX 8 /* more only cost time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
slices_again(const struct stripe *stripe, struct bytes input)
{
	struct slice slices[K_MAX + 1];
	const struct slice *given[SLICES_MAX] = { NULL };
	struct buffer again = { 0 };

	for (unsigned i = 0; i < stripe->k + stripe->m; i++) {
		if (slice_decode(stripe_slice(stripe, i), &slices[i], NULL) !=
			OURO_OK ||
		    slice_check(&slices[i], NULL) != OURO_OK)
			abort();
		given[i] = i == 0 ? NULL : &slices[i];
	}
	if (carried_encode(given, &again, NULL) != OURO_OK ||
	    !bytes_equal(buffer_bytes(&again), input))
		abort();
	for (unsigned i = 0; i < stripe->k + stripe->m; i++)
		slice_release(&slices[i]);
	buffer_release(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct carried carried = { 0 };
	struct stripe stripe = { 0 };
	struct erasure *erasure = NULL;

	if (carried_decode(bytes_of(data, size), &carried, NULL) == OURO_OK &&
	    carried.of.k <= K_MAX &&
	    erasure_new(carried.of.k, 1, &erasure, NULL) == OURO_OK &&
	    stripe_restore(&carried.of, carried.sealed, erasure, 1, &stripe,
		NULL) == OURO_OK)
		slices_again(&stripe, bytes_of(data, size));
	erasure_free(erasure);
	stripe_release(&stripe);
	carried_release(&carried);
	return 0;
}

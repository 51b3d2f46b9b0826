/*
 * Foreign slices: each u16 length (little-endian) and that many bytes, which
 * are decoded, laid in the place they name, opened, and rebuilt. Whatever is
 * rebuilt must be a good slice of the same stripe.
 */
#include <stdlib.h>

#include "seal/compress.h"
#include "seal/stripe.h"

#define SLICES 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct given {
	struct slice owned[SLICES];
	const struct slice *at[SLICES_MAX];
};

static void
given_read(struct given *given, struct bytes input)
{
	for (unsigned i = 0; i < SLICES && input.size >= 2; i++) {
		size_t length = get_u16le(input.data);
		struct slice *slice = &given->owned[i];
		input = bytes_of(input.data + 2, input.size - 2);
		if (length > input.size)
			length = input.size;
		if (slice_decode(bytes_of(input.data, length), slice, NULL) ==
		    OURO_OK)
			given->at[slice->index] = slice;
		input = bytes_of(input.data + length, input.size - length);
	}
}

static void
given_rebuild(const struct given *given, unsigned wanted)
{
	struct buffer made = { 0 };
	struct slice slice;

	if (stripe_rebuild(given->at, wanted, &made, NULL) == OURO_OK) {
		if (slice_decode(buffer_bytes(&made), &slice, NULL) ||
		    slice_check(&slice, NULL) || slice.index != wanted)
			abort();
		slice_release(&slice);
	}
	buffer_release(&made);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[KEY_SIZE];
	struct given given = { 0 };
	struct compressor *compressor = NULL;
	struct buffer clear = { 0 };
	unsigned bad_count = 0;

	if (compressor_new(&compressor, NULL))
		return 0;
	given_read(&given, bytes_of(data, size));
	enum ouro_status status = stripe_open(key, given.at, compressor, &clear,
	    NULL, &bad_count, NULL);
	if (clear.size > CHUNK_SIZE_MAX || (status && clear.size) ||
	    bad_count > SLICES)
		abort();
	for (unsigned wanted = 0; wanted < 4; wanted++)
		given_rebuild(&given, wanted);
	for (unsigned i = 0; i < SLICES; i++)
		slice_release(&given.owned[i]);
	buffer_release(&clear);
	compressor_free(compressor);
	return 0;
}

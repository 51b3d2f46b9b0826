/*
 * decompress_chunk on foreign bytes: u8 codec, u24 clear size (little-endian),
 * then the stored form.
 */
#include <stdlib.h>

#include "seal/compress.h"

#define CLEAR_MAX (512 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4)
		return 0;
	struct compressor *compressor = NULL;
	if (compressor_new(&compressor, NULL))
		return 0;
	struct compressed stored = {
		.codec = data[0],
		.data = bytes_of(data + 4, size - 4),
		.clear_size = get_u32le(data) >> 8,
	};
	struct buffer out = { 0 };
	enum ouro_status status = decompress_chunk(compressor, &stored,
	    CLEAR_MAX, &out, NULL);
	if (out.size != (status ? 0 : stored.clear_size) ||
	    out.size > CLEAR_MAX)
		abort();
	buffer_release(&out);
	compressor_free(compressor);
	return 0;
}

#include "exchange/exchange.h"

void
exchange_end_encode(const struct exchange_counts *counts,
    uint8_t out[EXCHANGE_END_SIZE])
{
	put_u64le(out, counts->versions);
	put_u64le(out + 8, counts->contents);
	put_u64le(out + 16, counts->pages);
	put_u64le(out + 24, counts->chunks);
	put_u64le(out + 32, counts->contexts);
}

bool
exchange_end_fits(const struct exchange_counts *counts, struct bytes content)
{
	uint8_t expected[EXCHANGE_END_SIZE];

	exchange_end_encode(counts, expected);
	return bytes_equal(content, bytes_of(expected, sizeof(expected)));
}

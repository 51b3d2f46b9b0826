/*
 * context_decode on foreign bytes: what is taken must encode to the same
 * bytes, and uniting it must agree with what it says it has.
 */
#include <stdlib.h>

#include "vault/context.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct context_entry *entry, const struct context *context)
{
	uint64_t end = entry->through;
	struct dot dot = { .number = end };

	memcpy(dot.incarnation, entry->incarnation, INCARNATION_SIZE);
	if (!context_has_through(context, &dot))
		abort();
	for (size_t i = 0; i < entry->beyond_count; i++) {
		dot.number = entry->beyond[i].first;
		if (dot.number < end + 2 || !context_has(context, &dot) ||
		    context_has_through(context, &dot))
			abort();
		dot.number--;
		if (context_has(context, &dot))
			abort();
		end = dot.number = entry->beyond[i].last;
		if (!context_has(context, &dot))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t incarnation[INCARNATION_SIZE] = { 1, 2, 3 };
	struct context context = { 0 };
	struct buffer again = { 0 };

	if (context_decode(incarnation, bytes_of(data, size), &context, NULL) !=
	    OURO_OK) {
		if (context.count != 0)
			abort();
		return 0;
	}
	check(&context.entries[0], &context);
	if (context_encode(&context.entries[0], &again, NULL) != OURO_OK ||
	    !bytes_equal(buffer_bytes(&again), bytes_of(data, size)) ||
	    context_decode(incarnation, buffer_bytes(&again), &context, NULL) !=
		OURO_OK ||
	    context.count != 1)
		abort();
	check(&context.entries[0], &context);
	buffer_release(&again);
	context_release(&context);
	return 0;
}

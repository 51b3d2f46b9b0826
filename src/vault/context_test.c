#include "vault/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define WRITERS 3
#define NUMBERS 64 /* of each writer, 1.. */

static uint64_t state;

static uint64_t
draw(uint64_t below)
{
	state = state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (state >> 33) % below;
}

static struct dot
dot_of(unsigned writer, uint64_t number)
{
	struct dot dot = { .number = number };

	/* Not in the order of first use. */
	memset(dot.incarnation, (int)(writer * 101 % 256), INCARNATION_SIZE);
	return dot;
}

static void
add(struct context *context, unsigned writer, uint64_t number)
{
	struct dot dot = dot_of(writer, number);

	assert_int_equal(context_add(context, &dot, NULL), OURO_OK);
}

static bool
has(const struct context *context, unsigned writer, uint64_t number)
{
	struct dot dot = dot_of(writer, number);

	return context_has(context, &dot);
}

/* ---- the naive model: one bit per number ---------------------------------- */

struct model {
	uint64_t bits[WRITERS];
};

static void
random_dots(struct context *context, struct model *model)
{
	uint64_t count = draw(NUMBERS);

	*context = (struct context){ 0 };
	*model = (struct model){ 0 };
	for (uint64_t i = 0; i < count; i++) {
		unsigned writer = (unsigned)draw(WRITERS);
		uint64_t number = 1 + draw(draw(2) ? NUMBERS : 9);

		add(context, writer, number);
		model->bits[writer] |= UINT64_C(1) << (number - 1);
	}
}

/* The invariants that context.c states. */
static void
check_form(const struct context *context)
{
	for (size_t i = 0; i < context->count; i++) {
		const struct context_entry *entry = &context->entries[i];
		uint64_t end = entry->through;

		assert_true(i == 0 ||
		    memcmp(entry[-1].incarnation, entry->incarnation,
			INCARNATION_SIZE) < 0);
		assert_true(entry->through > 0 || entry->beyond_count > 0);
		for (size_t j = 0; j < entry->beyond_count; j++) {
			assert_true(entry->beyond[j].first > end + 1);
			assert_true(
			    entry->beyond[j].last >= entry->beyond[j].first);
			end = entry->beyond[j].last;
		}
	}
}

static void
check_model(const struct context *context, const struct model *model)
{
	check_form(context);
	for (unsigned writer = 0; writer < WRITERS; writer++) {
		bool through = true;

		for (uint64_t n = 1; n <= NUMBERS; n++) {
			struct dot dot = dot_of(writer, n);
			bool bit = model->bits[writer] >> (n - 1) & 1;

			through = through && bit;
			assert_int_equal(context_has(context, &dot), bit);
			assert_int_equal(context_has_through(context, &dot),
			    through);
		}
		assert_false(has(context, writer, NUMBERS + 1));
	}
}

static void
adding_agrees_with_a_bitmap(void **unused)
{
	(void)unused;
	state = 1;
	for (int round = 0; round < 3000; round++) {
		struct context context;
		struct model model;

		random_dots(&context, &model);
		check_model(&context, &model);
		context_release(&context);
	}
}

static struct context
united(const struct context *a, const struct context *b)
{
	struct context out = { 0 };

	assert_int_equal(context_unite(&out, a, NULL), OURO_OK);
	assert_int_equal(context_unite(&out, b, NULL), OURO_OK);
	return out;
}

static void
uniting_is_commutative_associative_idempotent(void **unused)
{
	(void)unused;
	state = 2;
	for (int round = 0; round < 1500; round++) {
		struct context c[3];
		struct model m[3], all;

		for (int i = 0; i < 3; i++)
			random_dots(&c[i], &m[i]);
		struct context ab = united(&c[0], &c[1]);
		struct context ba = united(&c[1], &c[0]);
		struct context ab_c = united(&ab, &c[2]);
		struct context bc = united(&c[1], &c[2]);
		struct context a_bc = united(&c[0], &bc);
		struct context again = united(&ab_c, &ab_c);

		assert_true(context_equal(&ab, &ba));
		assert_true(context_equal(&ab_c, &a_bc));
		assert_true(context_equal(&ab_c, &again));
		for (unsigned w = 0; w < WRITERS; w++)
			all.bits[w] = m[0].bits[w] | m[1].bits[w] |
			    m[2].bits[w];
		check_model(&ab_c, &all);
		assert_int_equal(context_equal(&c[0], &c[1]),
		    memcmp(&m[0], &m[1], sizeof(m[0])) == 0);
		for (int i = 0; i < 3; i++)
			context_release(&c[i]);
		context_release(&ab);
		context_release(&ba);
		context_release(&ab_c);
		context_release(&bc);
		context_release(&a_bc);
		context_release(&again);
	}
}

static void
spans_merge_and_join_through(void **unused)
{
	struct context context = { 0 };
	const struct context_entry *entry;
	struct dot dot = dot_of(1, 1);

	(void)unused;
	add(&context, 1, 5);
	add(&context, 1, 3);
	add(&context, 1, 9);
	entry = context_find(&context, dot.incarnation);
	assert_non_null(entry);
	assert_int_equal(entry->beyond_count, 3);
	add(&context, 1, 4);
	assert_int_equal(entry->beyond_count, 2);
	assert_int_equal(entry->beyond[0].first, 3);
	assert_int_equal(entry->beyond[0].last, 5);
	add(&context, 1, 2);
	assert_int_equal(entry->through, 0);
	add(&context, 1, 1);
	assert_int_equal(entry->through, 5);
	assert_int_equal(entry->beyond_count, 1);
	dot = dot_of(2, 1);
	assert_null(context_find(&context, dot.incarnation));
	context_release(&context);
}

static void
the_largest_numbers_do_not_overflow(void **unused)
{
	struct context context = { 0 };
	struct dot dot = dot_of(0, UINT64_MAX);

	(void)unused;
	add(&context, 0, UINT64_MAX);
	add(&context, 0, UINT64_MAX - 2);
	add(&context, 0, UINT64_MAX - 1);
	assert_int_equal(context.entries[0].beyond_count, 1);
	assert_true(context_has(&context, &dot));
	assert_false(context_has_through(&context, &dot));
	assert_false(has(&context, 0, 0));
	context_release(&context);
}

static void
too_many_gaps_are_refused(void **unused)
{
	struct context odd = { 0 }, even = { 0 };
	struct dot dot;
	uint64_t n;

	(void)unused;
	for (n = 1; n <= CONTEXT_SPANS_MAX; n++)
		add(&odd, 0, 4 * n);
	dot = dot_of(0, 4 * n);
	assert_int_equal(context_add(&odd, &dot, NULL), OURO_TOO_LARGE);
	assert_false(context_has(&odd, &dot));
	add(&even, 0, 4 * n + 2);
	assert_int_equal(context_unite(&odd, &even, NULL), OURO_TOO_LARGE);
	assert_int_equal(odd.entries[0].beyond_count, CONTEXT_SPANS_MAX);
	add(&odd, 0, 5);
	add(&odd, 0, 1);
	context_release(&odd);
	context_release(&even);
}

/* ---- the stored form ------------------------------------------------------ */

static void
stored_entries_come_back(void **unused)
{
	(void)unused;
	state = 3;
	for (int round = 0; round < 500; round++) {
		struct context context, again = { 0 };
		struct model model;

		random_dots(&context, &model);
		for (size_t i = context.count; i-- > 0;) {
			struct context_entry *entry = &context.entries[i];
			struct buffer stored = { 0 };

			assert_int_equal(context_encode(entry, &stored, NULL),
			    OURO_OK);
			/* Twice: decoding unites. */
			for (int twice = 0; twice < 2; twice++)
				assert_int_equal(
				    context_decode(entry->incarnation,
					buffer_bytes(&stored), &again, NULL),
				    OURO_OK);
			buffer_release(&stored);
		}
		assert_true(context_equal(&context, &again));
		check_model(&again, &model);
		context_release(&context);
		context_release(&again);
	}
}

/* through, then pairs; what an encoder without checks would write. */
static enum ouro_status
decode_raw(uint64_t through, const struct dot_span *spans, size_t count)
{
	struct context_entry entry = { .through = through,
		.beyond = (struct dot_span *)spans,
		.beyond_count = count };
	struct context into = { 0 };
	struct buffer stored = { 0 };
	enum ouro_status status;

	add(&into, 0, 7);
	assert_int_equal(context_encode(&entry, &stored, NULL), OURO_OK);
	status = context_decode(entry.incarnation, buffer_bytes(&stored), &into,
	    NULL);
	if (status != OURO_OK) {
		assert_int_equal(into.count, 1);
		assert_int_equal(into.entries[0].beyond_count, 1);
	}
	buffer_release(&stored);
	context_release(&into);
	return status;
}

#define DECODE(through, ...) \
	decode_raw(through, (const struct dot_span[]){ __VA_ARGS__ }, \
	    sizeof((struct dot_span[]){ __VA_ARGS__ }) / \
		sizeof(struct dot_span))

static void
malformed_entries_are_refused(void **unused)
{
	(void)unused;
	assert_int_equal(DECODE(3, { 5, 6 }, { 8, 8 }), OURO_OK);
	assert_int_equal(DECODE(3, { 8, 8 }, { 5, 6 }), OURO_DAMAGED);
	assert_int_equal(DECODE(3, { 5, 8 }, { 7, 9 }), OURO_DAMAGED);
	assert_int_equal(DECODE(3, { 5, 6 }, { 7, 9 }), OURO_DAMAGED);
	assert_int_equal(DECODE(3, { 4, 6 }), OURO_DAMAGED);
	assert_int_equal(DECODE(3, { 3, 6 }), OURO_DAMAGED);
	assert_int_equal(DECODE(3, { 6, 5 }), OURO_DAMAGED);
	assert_int_equal(DECODE(0, { 0, 5 }), OURO_DAMAGED);
	assert_int_equal(DECODE(0, { 1, 5 }), OURO_DAMAGED);
	assert_int_equal(DECODE(UINT64_MAX, { 1, 1 }), OURO_DAMAGED);
	assert_int_equal(decode_raw(0, NULL, 0), OURO_DAMAGED);
	assert_int_equal(decode_raw(1, NULL, 0), OURO_OK);
}

static void
too_many_spans_are_refused(void **unused)
{
	size_t count = CONTEXT_SPANS_MAX + 1;
	struct dot_span *spans = calloc(count, sizeof(*spans));

	(void)unused;
	assert_non_null(spans);
	for (size_t i = 0; i < count; i++)
		spans[i] = (struct dot_span){ 8 + 2 * i, 8 + 2 * i };
	assert_int_equal(decode_raw(5, spans, count), OURO_DAMAGED);
	assert_int_equal(decode_raw(5, spans, count - 1), OURO_OK);
	free(spans);
}

static void
only_the_canonical_encoding_is_taken(void **unused)
{
	/* through 5 with a needlessly long varint; an unknown field; cut. */
	static const uint8_t forms[][4] = { { 0x08, 0x85, 0x00, 0 },
		{ 0x08, 0x05, 0x18, 0x01 }, { 0x12, 0x04, 0x08, 0x09 } };
	static const uint8_t good[] = { 0x08, 0x05 };
	const uint8_t incarnation[INCARNATION_SIZE] = { 1 };
	const size_t sizes[] = { 3, 4, 4 };
	struct context into = { 0 };

	(void)unused;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(context_decode(incarnation,
				     bytes_of(forms[i], sizes[i]), &into, NULL),
		    OURO_DAMAGED);
	assert_int_equal(into.count, 0);
	assert_int_equal(context_decode(incarnation,
			     bytes_of(good, sizeof(good)), &into, NULL),
	    OURO_OK);
	assert_int_equal(into.entries[0].through, 5);
	context_release(&into);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding_agrees_with_a_bitmap),
		cmocka_unit_test(uniting_is_commutative_associative_idempotent),
		cmocka_unit_test(spans_merge_and_join_through),
		cmocka_unit_test(the_largest_numbers_do_not_overflow),
		cmocka_unit_test(too_many_gaps_are_refused),
		cmocka_unit_test(stored_entries_come_back),
		cmocka_unit_test(malformed_entries_are_refused),
		cmocka_unit_test(too_many_spans_are_refused),
		cmocka_unit_test(only_the_canonical_encoding_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "seal/erasure.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include <isa-l/erasure_code.h>

#include "base/error.h"

/*
 * Why any k slices suffice (the code is MDS). Let x_r = 255 - r and y_c = c,
 * so C[r][c] = 1 / (x_r + y_c), + being XOR. With r < m, c < k and
 * k + m <= 255 we have x_r >= 256 - m > k > y_c: all x and y are different,
 * so no element divides by zero and C is a Cauchy matrix. The determinant of
 * any square part of it is a product of differences of its x and of its y
 * over a product of sums x + y (Cauchy), all non-zero. k surviving rows of
 * [I; C], s of them from C, have up to sign the determinant of the s x s
 * part of C in those rows and in the columns of the lost data slices; hence
 * they are independent and can be inverted.
 */

/*
 * ISA-L wants 32 bytes of tables for a coefficient, and how it fills them is
 * its own matter: with GFNI, 2.31 packs 8 bytes each, without gaps. Tables
 * made for several rows at once therefore can not be put together from, or
 * taken apart into, those of single rows.
 */
#define TABLE_SIZE ((size_t)32)

struct erasure {
	unsigned k, m;
	uint8_t tables[]; /* TABLE_SIZE * k * m, then k * m to make them */
};

enum ouro_status
erasure_valid(uint64_t k, uint64_t m, struct ouro_error *err)
{
	if (k < 1)
		return error_set(err, OURO_INVALID,
		    "k = %" PRIu64 ": at least 1 data slice is needed", k);
	if (k > ERASURE_SLICES_MAX || m > ERASURE_SLICES_MAX - k)
		return error_set(err, OURO_INVALID,
		    "k = %" PRIu64 " and m = %" PRIu64 ": k + m must not be "
		    "over %d",
		    k, m, ERASURE_SLICES_MAX);
	return OURO_OK;
}

static void
parity_row(unsigned k, unsigned row, uint8_t *out)
{
	assert(k + row < ERASURE_SLICES_MAX);
	for (unsigned c = 0; c < k; c++)
		out[c] = gf_inv((uint8_t)((255 - row) ^ c));
}

/* The row of slice i in [I; C]. */
static void
slice_row(unsigned k, unsigned i, uint8_t *out)
{
	if (i >= k) {
		parity_row(k, i - k, out);
		return;
	}
	memset(out, 0, k);
	out[i] = 1;
}

enum ouro_status
erasure_new(unsigned k, unsigned m, struct erasure **out,
    struct ouro_error *err)
{
	enum ouro_status status = erasure_valid(k, m, err);
	if (status)
		return status;
	struct erasure *erasure = malloc(
	    sizeof *erasure + (TABLE_SIZE + 1) * k * m);
	if (!erasure)
		return error_memory(err);
	erasure->k = k;
	erasure->m = m;
	uint8_t *matrix = erasure->tables + TABLE_SIZE * k * m;
	for (unsigned r = 0; r < m; r++)
		parity_row(k, r, matrix + (size_t)k * r);
	ec_init_tables((int)k, (int)m, matrix, erasure->tables);
	*out = erasure;
	return OURO_OK;
}

void
erasure_free(struct erasure *erasure)
{
	free(erasure);
}

size_t
erasure_slice_size(size_t sealed_size, unsigned k)
{
	assert(k >= 1);
	return sealed_size / k + (sealed_size % k != 0);
}

/* rows outputs from k inputs. ISA-L's prototype lacks const, its code does
 * not write to tables or inputs. */
static void
multiply(unsigned k, unsigned rows, const uint8_t *tables,
    const uint8_t *const in[], uint8_t *const out[], size_t size)
{
	assert(size <= ERASURE_SIZE_MAX);
	if (rows == 0 || size == 0)
		return;
	ec_encode_data((int)size, (int)k, (int)rows, (uint8_t *)tables,
	    (uint8_t **)in, (uint8_t **)out);
}

void
erasure_encode(const struct erasure *erasure, const uint8_t *const data[],
    uint8_t *const parity[], size_t size)
{
	multiply(erasure->k, erasure->m, erasure->tables, data, parity, size);
}

void
erasure_encode_row(const struct erasure *erasure, unsigned row,
    const uint8_t *const data[], uint8_t *parity, size_t size)
{
	uint8_t coefficients[ERASURE_SLICES_MAX];
	uint8_t tables[TABLE_SIZE * ERASURE_SLICES_MAX];

	parity_row(erasure->k, row, coefficients);
	ec_init_tables((int)erasure->k, 1, coefficients, tables);
	multiply(erasure->k, 1, tables, data, &parity, size);
}

/* The first k present slices, data before parity; false if there are fewer. */
static bool
choose_sources(const struct erasure *erasure,
    const struct erasure_slices *slices, uint8_t *chosen)
{
	unsigned found = 0;
	for (unsigned i = 0; i < erasure->k + erasure->m; i++)
		if (slices->present[i] && found < erasure->k)
			chosen[found++] = (uint8_t)i;
	return found == erasure->k;
}

/* row (1 x k, over the data) becomes row times inverse (over the sources). */
static void
row_transform(unsigned k, uint8_t *row, const uint8_t *inverse)
{
	uint8_t product[ERASURE_SLICES_MAX] = { 0 };
	for (unsigned i = 0; i < k; i++)
		for (unsigned c = 0; row[i] && c < k; c++)
			product[c] ^= gf_mul(row[i], inverse[i * k + c]);
	memcpy(row, product, k);
}

/* Rebuilds the slices numbered in lost (count of them) from the chosen. */
static enum ouro_status
rebuild_from(const struct erasure *erasure, const struct erasure_slices *slices,
    const uint8_t *chosen, const uint8_t *lost, unsigned count,
    struct ouro_error *err)
{
	const unsigned k = erasure->k;
	const uint8_t *in[ERASURE_SLICES_MAX];
	uint8_t *out[ERASURE_SLICES_MAX];

	/* The result's tables and rows, the sources' matrix, its inverse. */
	uint8_t *tables = malloc(
	    (TABLE_SIZE + 1) * k * count + 2 * (size_t)k * k);
	if (!tables)
		return error_memory(err);
	uint8_t *rows = tables + TABLE_SIZE * k * count;
	uint8_t *matrix = rows + (size_t)k * count;
	uint8_t *inverse = matrix + (size_t)k * k;
	for (unsigned i = 0; i < k; i++) {
		slice_row(k, chosen[i], matrix + (size_t)k * i);
		in[i] = slices->data[chosen[i]];
	}
	int singular = gf_invert_matrix(matrix, inverse, (int)k);
	assert(!singular);
	(void)singular;
	for (unsigned i = 0; i < count; i++) {
		slice_row(k, lost[i], rows + (size_t)k * i);
		row_transform(k, rows + (size_t)k * i, inverse);
		out[i] = slices->data[lost[i]];
	}
	ec_init_tables((int)k, (int)count, rows, tables);
	multiply(k, count, tables, in, out, slices->size);
	free(tables);
	return OURO_OK;
}

enum ouro_status
erasure_rebuild(const struct erasure *erasure,
    const struct erasure_slices *slices, struct ouro_error *err)
{
	uint8_t chosen[ERASURE_SLICES_MAX], lost[ERASURE_SLICES_MAX];
	unsigned total = erasure->k + erasure->m, count = 0, present = 0;

	for (unsigned i = 0; i < total; i++) {
		present += slices->present[i];
		if (slices->wanted[i] && !slices->present[i])
			lost[count++] = (uint8_t)i;
	}
	if (count == 0)
		return OURO_OK;
	if (slices->size > ERASURE_SIZE_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "a slice of %zu bytes is over the limit of %u",
		    slices->size, ERASURE_SIZE_MAX);
	if (!choose_sources(erasure, slices, chosen))
		return error_set(err, OURO_DAMAGED,
		    "only %u of %u slices are good, %u are needed", present,
		    total, erasure->k);
	return rebuild_from(erasure, slices, chosen, lost, count, err);
}

#include "seal/buzhash.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static inline uint32_t
rotate_left(uint32_t v)
{
	return v << 1 | v >> 31;
}

void
buzhash_init(struct buzhash *buzhash, const uint8_t terms[4 * 256])
{
	for (size_t i = 0; i < 256; i++) {
		buzhash->terms[i] = get_u32le(terms + 4 * i);
		for (size_t plane = 0; plane < 4; plane++)
			buzhash->planes[plane][i] = terms[4 * i + plane];
	}
}

uint32_t
buzhash_window(const struct buzhash *buzhash, const uint8_t *at)
{
	uint32_t hash = 0;
	for (int i = -BUZHASH_WINDOW; i < 0; i++)
		hash = rotate_left(hash) ^ buzhash->terms[at[i]];
	return hash;
}

/*
 * Four strips side by side: within one strip each step waits for the one
 * before, four of them keep the load units busy.
 */
#define STRIPS 4
#define STRIP  (BUZHASH_REGION / STRIPS)

static inline uint32_t
step(const uint32_t *terms, uint32_t hash, const uint8_t *at)
{
	return rotate_left(hash) ^ terms[at[-BUZHASH_WINDOW - 1]] ^
	    terms[at[-1]];
}

void
buzhash_scan_portable(const struct buzhash *buzhash, const uint8_t *at,
    uint64_t hits[BUZHASH_REGION / 64])
{
	const uint32_t *terms = buzhash->terms;
	uint32_t a = buzhash_window(buzhash, at - 1);
	uint32_t b = buzhash_window(buzhash, at + STRIP - 1);
	uint32_t c = buzhash_window(buzhash, at + 2 * STRIP - 1);
	uint32_t d = buzhash_window(buzhash, at + 3 * STRIP - 1);

	for (size_t word = 0; word < STRIP / 64; word++) {
		uint64_t *out = hits + word;
		uint64_t found[STRIPS] = { 0 };
		for (size_t i = 0; i < 64; i++, at++) {
			uint64_t bit = UINT64_C(1) << i;
			a = step(terms, a, at);
			b = step(terms, b, at + STRIP);
			c = step(terms, c, at + 2 * STRIP);
			d = step(terms, d, at + 3 * STRIP);
			if (__builtin_expect(!(a & BUZHASH_MASK), 0))
				found[0] |= bit;
			if (__builtin_expect(!(b & BUZHASH_MASK), 0))
				found[1] |= bit;
			if (__builtin_expect(!(c & BUZHASH_MASK), 0))
				found[2] |= bit;
			if (__builtin_expect(!(d & BUZHASH_MASK), 0))
				found[3] |= bit;
		}
		for (size_t strip = 0; strip < STRIPS; strip++)
			out[strip * (STRIP / 64)] = found[strip];
	}
}

#if defined(__x86_64__)

/* GCC 12 lays 64-byte locals misaligned on the address sanitizer's stack. */
#define VBMI \
	__attribute__((target("avx512f,avx512bw,avx512vbmi"), \
	    no_sanitize("address")))

/*
 * AVX-512 VBMI, 64 positions at a time.
 *
 * Terms: byte p of T[b] is looked up in four registers that hold the 256
 * bytes of plane p; the four planes are then interleaved to words. Hashes: a
 * hash over 2w bytes is the one over the last w bytes XOR the one over the w
 * bytes before, rotated by w; five doublings make 32 out of 1. `last` keeps
 * the previous 16 positions of every stage but the final one.
 */
struct planes {
	__m512i quarter[4][4]; /* [plane][byte value / 64] */
};

struct stages {
	__m512i last[5]; /* hashes over 1, 2, 4, 8, 16 bytes */
};

static inline VBMI __m512i
look_up(const __m512i quarter[4], __m512i index, __mmask64 high)
{
	__m512i low_half = _mm512_permutex2var_epi8(quarter[0], index,
	    quarter[1]);
	__m512i high_half = _mm512_permutex2var_epi8(quarter[2], index,
	    quarter[3]);
	return _mm512_mask_blend_epi8(high, low_half, high_half);
}

/* The terms of 64 bytes, in order, 16 to a register. */
static inline VBMI void
look_up_terms(const struct planes *planes, __m512i bytes, __m512i terms[4])
{
	/* Unpacking works inside 128-bit lanes: deal the words out first. */
	const __m512i deal = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6,
	    10, 14, 3, 7, 11, 15);
	bytes = _mm512_permutexvar_epi32(deal, bytes);
	__mmask64 high = _mm512_movepi8_mask(bytes);
	__m512i p0 = look_up(planes->quarter[0], bytes, high);
	__m512i p1 = look_up(planes->quarter[1], bytes, high);
	__m512i p2 = look_up(planes->quarter[2], bytes, high);
	__m512i p3 = look_up(planes->quarter[3], bytes, high);
	__m512i low01 = _mm512_unpacklo_epi8(p0, p1);
	__m512i high01 = _mm512_unpackhi_epi8(p0, p1);
	__m512i low23 = _mm512_unpacklo_epi8(p2, p3);
	__m512i high23 = _mm512_unpackhi_epi8(p2, p3);
	terms[0] = _mm512_unpacklo_epi16(low01, low23);
	terms[1] = _mm512_unpackhi_epi16(low01, low23);
	terms[2] = _mm512_unpacklo_epi16(high01, high23);
	terms[3] = _mm512_unpackhi_epi16(high01, high23);
}

/* One doubling: word i joins word i - width. */
#define DOUBLE(stages, hash, n, width) \
	do { \
		__m512i earlier = (width) == 16 \
		    ? (stages)->last[(n)] \
		    : _mm512_alignr_epi32((hash), (stages)->last[(n)], \
			  (16 - (width)) & 15); \
		(stages)->last[(n)] = (hash); \
		(hash) = _mm512_xor_si512((hash), \
		    _mm512_rol_epi32(earlier, width)); \
	} while (0)

static inline VBMI uint64_t
roll_16(struct stages *stages, __m512i hash)
{
	DOUBLE(stages, hash, 0, 1);
	DOUBLE(stages, hash, 1, 2);
	DOUBLE(stages, hash, 2, 4);
	DOUBLE(stages, hash, 3, 8);
	DOUBLE(stages, hash, 4, 16);
	return _mm512_testn_epi32_mask(hash,
	    _mm512_set1_epi32((int)BUZHASH_MASK));
}

static inline VBMI uint64_t
roll_64(const struct planes *planes, struct stages *stages,
    const uint8_t *newest)
{
	__m512i terms[4];
	uint64_t hits = 0;

	look_up_terms(planes, _mm512_loadu_si512(newest), terms);
	for (unsigned i = 0; i < 4; i++)
		hits |= roll_16(stages, terms[i]) << (16 * i);
	return hits;
}

static VBMI void
buzhash_scan_vbmi(const struct buzhash *buzhash, const uint8_t *at,
    uint64_t hits[BUZHASH_REGION / 64])
{
	struct planes planes;
	struct stages stages;

	for (size_t plane = 0; plane < 4; plane++)
		for (size_t i = 0; i < 4; i++)
			planes.quarter[plane][i] = _mm512_loadu_si512(
			    buzhash->planes[plane] + 64 * i);
	for (size_t i = 0; i < 5; i++)
		stages.last[i] = _mm512_setzero_si512();

	/* 64 bytes earlier, to fill the stages. */
	at -= 1;
	(void)roll_64(&planes, &stages, at - 64);
	for (size_t i = 0; i < BUZHASH_REGION / 64; i++)
		hits[i] = roll_64(&planes, &stages, at + 64 * i);
}

buzhash_scan *
buzhash_fastest(void)
{
	if (__builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vbmi"))
		return buzhash_scan_vbmi;
	return buzhash_scan_portable;
}

#else

buzhash_scan *
buzhash_fastest(void)
{
	return buzhash_scan_portable;
}

#endif

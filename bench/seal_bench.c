/*
 * seal_bench - each stage of the pipeline alone, one thread, medians of
 * seven runs in MB/s of clear bytes (10^6).
 *
 *   seal_bench [MiB]     data per run, default 64
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypt/aead.h"
#include "crypt/hash.h"
#include "crypt/mac.h"
#include "seal/buzhash.h"
#include "seal/chunker.h"
#include "seal/compress.h"
#include "seal/erasure.h"

#define RUNS  7
#define PIECE ((size_t)256 * 1024)
#define K     3
#define M     2

static const uint8_t secret[KEY_SIZE] = { 42 };

struct bench {
	struct bytes data; /* a multiple of PIECE */
	struct chunker *chunker;
	struct compressor *compressor;
	struct mac_key *mac;
	struct erasure *erasure;
	struct buffer packed;	  /* all pieces, one after another */
	struct compressed *index; /* one per piece */
	uint8_t *scratch;	  /* PIECE and all slices */
};

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "seal_bench: %s failed\n", what);
	exit(1);
}

static double
now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- stages ----------------------------------------------------------------- */

static void
stage_chunk(struct bench *bench)
{
	size_t done = 0, length;
	while (done < bench->data.size) {
		need(!chunker_cut(bench->chunker,
			 bytes_of(bench->data.data + done,
			     bench->data.size - done),
			 true, &length, NULL),
		    "chunker_cut");
		done += length;
	}
}

static void
scan_all(struct bench *bench, buzhash_scan *scan)
{
	static struct buzhash buzhash;
	uint64_t hits[BUZHASH_REGION / 64];
	uint8_t terms[4 * 256];

	for (size_t i = 0; i < sizeof terms; i++)
		terms[i] = (uint8_t)(i * i * 31 >> 3);
	buzhash_init(&buzhash, terms);
	for (size_t at = BUZHASH_REGION; at < bench->data.size;
	     at += BUZHASH_REGION)
		scan(&buzhash, bench->data.data + at, hits);
}

static void
stage_scan(struct bench *bench)
{
	scan_all(bench, buzhash_fastest());
}

static void
stage_scan_portable(struct bench *bench)
{
	scan_all(bench, buzhash_scan_portable);
}

static void
stage_id(struct bench *bench)
{
	uint8_t id[HASH_SIZE];
	for (size_t at = 0; at < bench->data.size; at += PIECE) {
		struct bytes part = bytes_of(bench->data.data + at, PIECE);
		need(!mac_compute(bench->mac, &part, 1, id, NULL), "mac");
	}
}

static void
stage_compress(struct bench *bench)
{
	bench->packed.size = 0;
	for (size_t at = 0; at < bench->data.size; at += PIECE) {
		enum compress_codec codec;
		size_t before = bench->packed.size;
		need(!compress_chunk(bench->compressor, COMPRESS_LEVEL_DEFAULT,
			 bytes_of(bench->data.data + at, PIECE), &bench->packed,
			 &codec, NULL),
		    "compress");
		bench->index[at / PIECE] = (struct compressed){
			.codec = (uint8_t)codec,
			.data = bytes_of(bench->packed.data + before,
			    bench->packed.size - before),
			.clear_size = PIECE,
		};
	}
}

static void
stage_decompress(struct bench *bench)
{
	struct buffer out = { 0 };
	for (size_t i = 0; i < bench->data.size / PIECE; i++) {
		out.size = 0;
		need(!decompress_chunk(bench->compressor, &bench->index[i],
			 PIECE, &out, NULL),
		    "decompress");
	}
	buffer_release(&out);
}

static void
stage_seal(struct bench *bench)
{
	uint8_t tag[TAG_SIZE], nonce[NONCE_SIZE] = { 0 };
	for (size_t at = 0; at < bench->data.size; at += PIECE)
		need(!aead_seal(secret, nonce, bytes_of(NULL, 0),
			 bytes_of(bench->data.data + at, PIECE), bench->scratch,
			 tag, NULL),
		    "aead_seal");
}

/* Slices of one piece: data from the input, parity in scratch. */
static size_t
lay_out(const struct bench *bench, size_t at, struct erasure_slices *slices)
{
	slices->size = PIECE / K;
	for (size_t i = 0; i < K; i++)
		slices->data[i] = (uint8_t *)bench->data.data + at +
		    i * slices->size;
	for (size_t i = 0; i < M; i++)
		slices->data[K + i] = bench->scratch + i * slices->size;
	return slices->size;
}

static void
stage_encode(struct bench *bench)
{
	static struct erasure_slices slices;
	for (size_t at = 0; at < bench->data.size; at += PIECE) {
		size_t size = lay_out(bench, at, &slices);
		erasure_encode(bench->erasure,
		    (const uint8_t *const *)slices.data, slices.data + K, size);
	}
}

/* The first two data slices from the other three. */
static void
stage_rebuild(struct bench *bench)
{
	static struct erasure_slices slices;
	for (size_t at = 0; at < bench->data.size; at += PIECE) {
		size_t size = lay_out(bench, at, &slices);
		for (size_t i = 0; i < K + M; i++) {
			slices.wanted[i] = i < M;
			slices.present[i] = i >= M;
		}
		for (size_t i = 0; i < M; i++)
			slices.data[i] = bench->scratch + PIECE + i * size;
		need(!erasure_rebuild(bench->erasure, &slices, NULL),
		    "erasure_rebuild");
	}
}

static void
stage_slice_hash(struct bench *bench)
{
	uint8_t hash[HASH_SIZE];
	for (size_t at = 0; at < bench->data.size; at += PIECE)
		need(!hash_sha256(bytes_of(bench->data.data + at, PIECE), hash,
			 NULL),
		    "hash_sha256");
}

static const struct {
	const char *name;
	void (*run)(struct bench *bench);
} stages[] = {
	{ "chunk", stage_chunk },
	{ "  scan", stage_scan },
	{ "  scan, portable", stage_scan_portable },
	{ "chunk id (HMAC)", stage_id },
	{ "zstd -3", stage_compress },
	{ "zstd open", stage_decompress },
	{ "AES-256-GCM", stage_seal },
	{ "encode 3+2", stage_encode },
	{ "rebuild 2 of 3+2", stage_rebuild },
	{ "slice hash (SHA-256)", stage_slice_hash },
};

#define STAGES (sizeof stages / sizeof stages[0])
#define KINDS  3

/* ---- data, runs, table ------------------------------------------------------ */

static uint64_t
random_next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return *seed >> 32;
}

/* Words of a small vocabulary, the frequent ones first, as in prose. */
static void
fill_text(uint8_t *data, size_t size, uint64_t *seed)
{
	char words[4096][12];
	for (size_t w = 0; w < 4096; w++) {
		size_t length = 2 + random_next(seed) % 9;
		for (size_t i = 0; i < length; i++)
			words[w]
			     [i] = "etaoinshrdlucmfwygpbvk"[random_next(seed) %
				 22];
		words[w][length] = '\0';
	}
	for (size_t at = 0; at < size;) {
		uint64_t a = random_next(seed) % 4096;
		uint64_t b = random_next(seed) % 4096;
		const char *word = words[a * b / 4096];
		while (*word && at < size)
			data[at++] = (uint8_t)*word++;
		if (at < size)
			data[at++] = random_next(seed) % 12 ? ' ' : '\n';
	}
}

static void
fill(uint8_t *data, size_t size, size_t kind)
{
	uint64_t seed = 1;
	if (kind == 0)
		for (size_t i = 0; i + 4 <= size; i += 4)
			put_u32le(data + i, (uint32_t)random_next(&seed));
	else if (kind == 1)
		fill_text(data, size, &seed);
	else
		memset(data, 0, size);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
median_speed(struct bench *bench, void (*run)(struct bench *bench))
{
	double times[RUNS];
	run(bench);
	for (size_t i = 0; i < RUNS; i++) {
		double start = now();
		run(bench);
		times[i] = now() - start;
	}
	qsort(times, RUNS, sizeof times[0], compare);
	return (double)bench->data.size / times[RUNS / 2] / 1e6;
}

int
main(int argc, char **argv)
{
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 64;
	need(mib >= 1 && mib <= 65536, "a size from 1 to 65536 MiB");
	const size_t size = mib << 20;
	static double speed[KINDS][STAGES];
	struct bench bench = { 0 };
	struct chunker_table *table = NULL;

	uint8_t *data = malloc(size);
	bench.scratch = malloc(3 * PIECE);
	bench.index = calloc(size / PIECE, sizeof *bench.index);
	need(data && bench.scratch && bench.index, "malloc");
	memset(bench.scratch, 0, 3 * PIECE);
	bench.data = bytes_of(data, size);
	/* Reserved once, so that the index may point into it. */
	need(!buffer_reserve(&bench.packed, size + PIECE, NULL) &&
		!chunker_table_new(secret, &table, NULL) &&
		!chunker_new(table, &bench.chunker, NULL) &&
		!compressor_new(&bench.compressor, NULL) &&
		!mac_key_new(bytes_of(secret, sizeof secret), &bench.mac,
		    NULL) &&
		!erasure_new(K, M, &bench.erasure, NULL),
	    "set-up");

	for (size_t kind = 0; kind < KINDS; kind++) {
		fill(data, size, kind);
		for (size_t i = 0; i < STAGES; i++)
			speed[kind][i] = median_speed(&bench, stages[i].run);
	}
	printf("%-22s %10s %10s %10s\n", "MB/s, one thread", "random", "text",
	    "zeros");
	for (size_t i = 0; i < STAGES; i++)
		printf("%-22s %10.0f %10.0f %10.0f\n", stages[i].name,
		    speed[0][i], speed[1][i], speed[2][i]);

	chunker_free(bench.chunker);
	chunker_table_free(table);
	compressor_free(bench.compressor);
	mac_key_free(bench.mac);
	erasure_free(bench.erasure);
	buffer_release(&bench.packed);
	free(bench.index);
	free(bench.scratch);
	free(data);
	return 0;
}

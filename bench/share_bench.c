/*
 * share_bench - what a grant costs: bytes stored and time, for a content of
 * 4 KiB and one of 1 GiB (zeros, so that the disk is not what is measured),
 * and what it costs to write a bundle, to read it, and to seal anew.
 *
 *   share_bench [GRANTS]     of each content, default 50
 *
 * Works in a directory of its own below $TMPDIR or /tmp.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ouroboros.h>

#define PIECE	   ((size_t)1 << 20)
#define GRANTS_MAX 1000

static char dir[512];
static struct ouro_error err;

static void
need(enum ouro_status status, const char *what)
{
	if (status == OURO_OK)
		return;
	fprintf(stderr, "share_bench: %s: %s\n", what, err.text);
	exit(1);
}

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ---- contents -------------------------------------------------------------- */

/* Zeros, or bytes that do not compress and of which none come twice. */
static void
content_put(struct ouro_vault *vault, uint64_t size, bool zeros,
    struct ouro_put_result *result)
{
	uint64_t *piece = calloc(1, PIECE), x = size + 1;
	struct ouro_put *put;

	if (piece == NULL)
		exit(1);
	need(ouro_put_begin(vault, NULL, &put, &err), "put");
	for (uint64_t at = 0; at < size; at += PIECE) {
		for (size_t i = 0; !zeros && i < PIECE / sizeof x; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			piece[i] = x;
		}
		need(ouro_put_write(put, piece,
			 size - at < PIECE ? (size_t)(size - at) : PIECE, &err),
		    "put");
	}
	need(ouro_put_finish(put, result, &err), "put");
	free(piece);
}

/* ---- grants ------------------------------------------------------------------ */

static char *
key_new(unsigned number, char path[600])
{
	char *text = NULL;

	snprintf(path, 600, "%s/key-%u", dir, number);
	need(ouro_key_make(path, NULL, &err), "key");
	need(ouro_key_public(path, NULL, &text, &err), "key");
	return text;
}

static unsigned keys;

/* One of each content in turn, so that nothing favours either. */
struct measured {
	const char *name;
	const struct ouro_put_result *content;
	double times[GRANTS_MAX];
	uint64_t bytes;
};

static void
grant_measure(struct ouro_vault *vault, struct measured *of, unsigned i)
{
	char path[600];
	char *key = key_new(keys++, path);
	struct ouro_share_result result;
	double began = now_ms();

	need(ouro_share(vault, of->content->content, key, NULL, &result, &err),
	    "share");
	of->times[i] = now_ms() - began;
	of->bytes += result.bytes;
	free(key);
}

static void
grants_measure(struct ouro_vault *vault, struct measured of[2], unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < 2; j++)
			grant_measure(vault, &of[j], i);
	for (unsigned j = 0; j < 2; j++) {
		qsort(of[j].times, count, sizeof *of[j].times, compare);
		printf("grant   %-14s %6llu bytes  %8.2f ms (median of %u)\n",
		    of[j].name, (unsigned long long)(of[j].bytes / count),
		    of[j].times[count / 2], count);
	}
}

/* ---- bundles ------------------------------------------------------------------- */

static enum ouro_status
file_sink(void *context, const void *data, size_t size, struct ouro_error *e)
{
	(void)e;
	return fwrite(data, 1, size, context) == size ? OURO_OK : OURO_IO;
}

static enum ouro_status
count_sink(void *context, const void *data, size_t size, struct ouro_error *e)
{
	(void)data;
	(void)e;
	*(uint64_t *)context += size;
	return OURO_OK;
}

static void
bundle_measure(struct ouro_vault *vault, const struct ouro_put_result *content,
    const char *name)
{
	char path[600], file_path[600];
	char *key = key_new(keys++, path);
	struct ouro_share_result shared;
	struct ouro_bundle *bundle;
	uint64_t bytes = 0;
	double began, written, opened, read;
	long size;
	FILE *file;

	need(ouro_share(vault, content->content, key, NULL, &shared, &err),
	    "share");
	snprintf(file_path, sizeof file_path, "%s/bundle", dir);
	file = fopen(file_path, "w");
	if (file == NULL)
		exit(1);
	began = now_ms();
	need(ouro_bundle_write(vault, NULL, shared.fingerprint, file_sink, file,
		 &err),
	    "bundle");
	size = ftell(file);
	fclose(file);
	written = now_ms();
	need(ouro_bundle_open(file_path, path, NULL, &bundle, &err), "open");
	opened = now_ms();
	need(ouro_bundle_read(bundle, content->content, count_sink, &bytes,
		 &err),
	    "read");
	read = now_ms();
	ouro_bundle_close(bundle);
	printf("bundle  %-14s %9ld bytes: written in %.0f ms, checked in %.0f "
	       "ms, read in %.0f ms\n",
	    name, size, written - began, opened - written, read - opened);
	free(key);
}

static void
reseal_measure(struct ouro_vault *vault, const struct ouro_put_result *content,
    const char *name)
{
	struct ouro_unshare_options options = { .size = sizeof options,
		.reseal = true };
	struct ouro_unshare_result result;
	struct ouro_share_result shared;
	char path[600];
	char *key = key_new(keys++, path);
	double began;

	need(ouro_share(vault, content->content, key, NULL, &shared, &err),
	    "share");
	began = now_ms();
	need(ouro_unshare(vault, content->content, shared.fingerprint, &options,
		 &result, &err),
	    "unshare");
	printf("reseal  %-14s %9llu chunks in %.0f ms\n", name,
	    (unsigned long long)result.chunks_resealed, now_ms() - began);
	free(key);
}

/* ---- together -------------------------------------------------------------------- */

static int
entry_remove(const char *path, const struct stat *info, int flag,
    struct FTW *where)
{
	(void)info;
	(void)flag;
	(void)where;
	return remove(path);
}

static void
clean_up(void)
{
	nftw(dir, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

int
main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 50;
	const char *base = getenv("TMPDIR");
	static struct ouro_put_result small, zeros, dense;
	static struct measured grants[2] = { { "of 4 KiB", &small, { 0 }, 0 },
		{ "of 1 GiB", &zeros, { 0 }, 0 } };
	struct ouro_vault *vault;
	char store[600];

	if (count < 1 || count > GRANTS_MAX)
		return 2;
	snprintf(dir, sizeof dir, "%s/share-bench-XXXXXX",
	    base != NULL ? base : "/tmp");
	if (mkdtemp(dir) == NULL)
		return 1;
	atexit(clean_up);
	snprintf(store, sizeof store, "%s/store", dir);
	need(ouro_vault_open(store, NULL, &vault, &err), "open");
	content_put(vault, 4096, false, &small);
	content_put(vault, (uint64_t)1 << 30, true, &zeros);
	content_put(vault, (uint64_t)64 << 20, false, &dense);
	grants_measure(vault, grants, count);
	bundle_measure(vault, &small, "of 4 KiB");
	bundle_measure(vault, &zeros, "of 1 GiB zeros");
	bundle_measure(vault, &dense, "of 64 MiB");
	reseal_measure(vault, &small, "of 4 KiB");
	reseal_measure(vault, &zeros, "of 1 GiB zeros");
	reseal_measure(vault, &dense, "of 64 MiB");
	ouro_vault_close(vault);
	return 0;
}

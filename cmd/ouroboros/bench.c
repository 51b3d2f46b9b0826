/*
 * bench - measures this machine.
 */
#include "bench.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "report.h"
#include "signals.h"
#include "table.h"
#include "text.h"

#define KEYS_DEFAULT  500000
#define KEYS_MIN      1000
#define KEYS_MAX      1000000000
#define VALUE_DEFAULT 100
#define VALUE_MAX     (1u << 20)

double
bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- what is asked for ----------------------------------------------------------- */

/* A plain number in [min, max]. */
static bool
number_take(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	if (text == NULL)
		return true;
	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *out >= min && *out <= max;
}

static int
options_take(struct bench *bench)
{
	struct invocation *inv = bench->inv;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (strcmp(inv->operands[0], "engine") != 0)
		return report_usage(inv, "bench knows engine, not '%s'",
		    inv->operands[0]);
	bench->keys = KEYS_DEFAULT;
	bench->value = VALUE_DEFAULT;
	bench->cores = cores < 1 ? 1 : cores > 64 ? 64 : (unsigned)cores;
	if (!number_take(inv->option[OPTION_KEYS], KEYS_MIN, KEYS_MAX,
		&bench->keys))
		return report_usage(inv, "--keys is a number from %d to %d",
		    KEYS_MIN, KEYS_MAX);
	if (!number_take(inv->option[OPTION_VALUE], 0, VALUE_MAX,
		&bench->value))
		return report_usage(inv, "--value is a number from 0 to %u",
		    VALUE_MAX);
	return 0;
}

/* ---- a directory of its own -------------------------------------------------------- */

static int
directory_make(struct bench *bench)
{
	const char *top = bench->inv->option[OPTION_DIR];

	if (top == NULL)
		top = getenv("TMPDIR");
	if (top == NULL || top[0] == '\0')
		top = "/tmp";
	if (asprintf(&bench->dir, "%s/ouroboros-bench-XXXXXX", top) < 0)
		return report_status(bench->inv, OURO_NO_MEMORY,
		    "out of memory");
	if (mkdtemp(bench->dir) != NULL)
		return 0;
	free(bench->dir);
	bench->dir = NULL;
	return report_errno(bench->inv, errno, top);
}

static int
remove_one(const char *path, const struct stat *status, int type,
    struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

static void
directory_remove(struct bench *bench)
{
	if (bench->dir == NULL)
		return;
	if (nftw(bench->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		report_note(bench->inv, "%s could not be removed: %s",
		    bench->dir, strerror(errno));
	free(bench->dir);
}

/* ---- answers -------------------------------------------------------------------------- */

static double
rate_of(const struct bench_row *row)
{
	return row->seconds > 0 ? (double)row->operations / row->seconds : 0;
}

static void
print_json(struct bench *bench)
{
	struct reply *out = &bench->inv->out;

	reply_object(out, NULL);
	reply_uint(out, "keys", bench->keys);
	reply_uint(out, "value_bytes", bench->value);
	reply_array(out, "results");
	for (size_t i = 0; i < bench->row_count; i++) {
		const struct bench_row *row = &bench->rows[i];

		reply_object(out, NULL);
		reply_text(out, "what", row->what);
		reply_uint(out, "threads", row->threads);
		reply_uint(out, "operations", row->operations);
		reply_uint(out, "microseconds", (uint64_t)(row->seconds * 1e6));
		reply_uint(out, "per_second", (uint64_t)rate_of(row));
		reply_end(out);
	}
	reply_end(out);
	reply_uint(out, "open_microseconds",
	    (uint64_t)(bench->open_seconds * 1e6));
	reply_uint(out, "memory_bytes", bench->memory);
	reply_uint(out, "disk_bytes", bench->disk);
	reply_end(out);
}

static void
print_row(struct table *table, const struct bench_row *row)
{
	char text[32];

	table_cell(table, row->what);
	snprintf(text, sizeof text, "%u", row->threads);
	table_cell(table, text);
	snprintf(text, sizeof text, "%" PRIu64, row->operations);
	table_cell(table, text);
	snprintf(text, sizeof text, "%.3f", row->seconds);
	table_cell(table, text);
	snprintf(text, sizeof text, "%.0f", rate_of(row));
	table_cell(table, text);
}

static void
print_text(struct bench *bench)
{
	static const char *const titles[] = { "WHAT", ">THREADS", ">OPERATIONS",
		">SECONDS", ">PER SECOND" };
	char memory[TEXT_SIZE_SIZE], disk[TEXT_SIZE_SIZE];
	struct table table;

	printf("%" PRIu64 " keys of 16 bytes, values of %" PRIu64 " bytes\n\n",
	    bench->keys, bench->value);
	table_init(&table, titles, sizeof titles / sizeof *titles);
	for (size_t i = 0; i < bench->row_count; i++)
		print_row(&table, &bench->rows[i]);
	table_finish(&table);
	printf("\nopening  %.3f s\nmemory   %s for the index\n"
	       "disk     %s\n",
	    bench->open_seconds, text_size(bench->memory, memory),
	    text_size(bench->disk, disk));
}

static int
bench_main(struct invocation *inv)
{
	struct bench bench = { .inv = inv };
	int code = options_take(&bench);

	if (code == 0)
		code = directory_make(&bench);
	if (code == 0) {
		report_note(inv, "Measuring in %s.", bench.dir);
		code = bench_engine(&bench);
	}
	directory_remove(&bench);
	if (code == 0 && signals_caught() != 0)
		code = EXIT_FAILED;
	if (code == 0 && inv->json)
		print_json(&bench);
	else if (code == 0)
		print_text(&bench);
	return code;
}

const struct command bench_command = {
	.name = "bench",
	.synopsis = "engine [--keys N] [--value BYTES] [--dir DIR]",
	.summary = "measure this machine",
	.page =
	    "Writes and reads a store of N keys (500000) with values of so many BYTES\n"
	    "(100) in a directory of its own below DIR (else $TMPDIR, else /tmp), removes\n"
	    "it, and prints what this machine did. \"durable\" waits for the disk at each\n"
	    "write, by 1, 8 and 64 threads; the others leave that to the system. Reads are\n"
	    "of what was just written, so they come from memory as far as it goes.",
	.words = "engine",
	.options = OPTION_BIT(OPTION_KEYS) | OPTION_BIT(OPTION_VALUE),
	.operands_min = 1,
	.operands_max = 1,
	.run = bench_main,
};

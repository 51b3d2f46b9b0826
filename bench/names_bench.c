/*
 * names_bench - small named writes and reads of names, against the engine's
 * puts and gets of the same names and bytes in the same batches.
 *
 *   names_bench [count [bytes [directory]]]     default 1000000 100 .
 *
 * Both sides are durable at the end of each batch (one fsync, or several, a
 * batch), one thread, names in random order. A name's read is that of its
 * winner's content id (ouro_name_read); with the bytes (ouro_get_whole) it is
 * shown too. The engine is shown as ouro_store has it, plain and with 256 MiB
 * for its index, and as the vault's records have it, sealed and with 16 MiB;
 * and with the rows that the vault itself writes and reads, five in the records
 * and two in the copies for each put.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ouroboros.h>

#include "base/executor.h"
#include "vault/vault.h"

#define BATCH	     1000u
#define INDEX_MEMORY (16u * 1024 * 1024) /* as src/vault/open.c says */

struct bench {
	char dir[512];
	uint64_t count;
	size_t bytes;
	uint8_t *data; /* that all values are drawn from */
	char (*names)[32];
};

/* Of one side, in seconds of wall time and of this process. */
struct taken {
	double wall, cpu;
};

static void
need(enum ouro_status status, const struct ouro_error *err)
{
	if (status == OURO_OK)
		return;
	fprintf(stderr, "names_bench: %s: %s\n", ouro_status_text(status),
	    err->text);
	exit(1);
}

static double
clock_read(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct taken
taken_begin(void)
{
	return (struct taken){ -clock_read(CLOCK_MONOTONIC),
		-clock_read(CLOCK_PROCESS_CPUTIME_ID) };
}

static void
taken_end(struct taken *taken)
{
	taken->wall += clock_read(CLOCK_MONOTONIC);
	taken->cpu += clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

/* ---- what is written ----------------------------------------------------------- */

static uint64_t
greatest_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* All names, each once, in an order that is none. */
static void
names_make(struct bench *bench)
{
	uint64_t step = 1000003;

	while (greatest_divisor(step, bench->count) != 1)
		step++;
	bench->names = calloc(bench->count, sizeof(*bench->names));
	if (bench->names == NULL)
		exit(1);
	for (uint64_t i = 0; i < bench->count; i++)
		snprintf(bench->names[i], sizeof(bench->names[i]),
		    "user/%010llu",
		    (unsigned long long)(i * step % bench->count));
}

/* Different for each: its number is in front. */
static const uint8_t *
value_make(const struct bench *bench, uint64_t i, uint8_t *out)
{
	memcpy(out, bench->data + i % 4096, bench->bytes);
	memcpy(out, &i, bench->bytes < sizeof(i) ? bench->bytes : sizeof(i));
	return out;
}

/* ---- the engine -------------------------------------------------------------------- */

static struct engine *
engine_make(const struct bench *bench, const char *name, bool sealed,
    struct executor **executor)
{
	char dir[600];
	static const uint8_t key[32] = { 42 };
	struct engine_options options = { .compact_share = -1 };
	struct ouro_error err = { 0 };
	struct engine *engine;

	snprintf(dir, sizeof(dir), "%s/%s", bench->dir, name);
	if (*executor == NULL)
		need(executor_open(2, fs_posix(), executor, &err), &err);
	options.executor = *executor;
	options.seal_key = sealed ? key : NULL;
	options.index_memory = sealed ? INDEX_MEMORY : 0;
	need(engine_log_open(dir, &options, &engine, &err), &err);
	return engine;
}

static struct taken
engine_write(const struct bench *bench, struct engine *engine)
{
	struct engine_op *ops = calloc(BATCH, sizeof(*ops));
	uint8_t *values = malloc(BATCH * bench->bytes);
	struct ouro_error err = { 0 };
	struct taken taken = taken_begin();

	if (ops == NULL || values == NULL)
		exit(1);
	for (uint64_t i = 0; i < bench->count;) {
		size_t count = 0;

		for (; count < BATCH && i < bench->count; count++, i++) {
			uint8_t *value = values + count * bench->bytes;

			ops[count].key = bytes_text(bench->names[i]);
			ops[count].value = bytes_of(value_make(bench, i, value),
			    bench->bytes);
		}
		need(engine_apply(engine, ops, count, ENGINE_SYNC_ALWAYS, &err),
		    &err);
	}
	taken_end(&taken);
	free(ops);
	free(values);
	return taken;
}

static struct taken
engine_read(const struct bench *bench, struct engine *engine)
{
	struct ouro_error err = { 0 };
	struct taken taken = taken_begin();

	for (uint64_t i = 0; i < bench->count; i++) {
		struct engine_value value = { 0 };
		const char *name = bench->names[i * 7 % bench->count];

		need(engine_get(engine, bytes_text(name), &value, &err), &err);
		if (value.bytes.size != bench->bytes)
			exit(1);
		engine_value_release(&value);
	}
	taken_end(&taken);
	return taken;
}

/* ---- the engine, with the vault's rows -------------------------------------------- */

#define ROWS 5 /* of a version with a content, in the records */

/* c, r, u, n and h as they are in a vault, by their sizes; the first two are in
 * the copies too. Their keys are ids, but for the last two, which begin with
 * the name. */
struct row_shape {
	size_t key, value;
};

static void
shapes_measure(struct ouro_vault *vault, struct row_shape shapes[ROWS])
{
	struct ouro_error err = { 0 };

	for (size_t i = 0; i < ROWS; i++) {
		struct engine_range range = { .prefix = bytes_of("crunh" + i,
						  1) };
		struct engine_scan *scan;
		struct bytes key, value;

		need(engine_scan_open(vault->records, &range, &scan, &err),
		    &err);
		need(engine_scan_next(scan, &key, &value, &err), &err);
		shapes[i] = (struct row_shape){ key.size, value.size };
		engine_scan_close(scan);
	}
}

/* Fills the ops of one version; all lies in room. */
static uint8_t *
rows_make(const struct bench *bench, const struct row_shape shapes[ROWS],
    uint64_t number, uint64_t *seed, struct engine_op ops[ROWS], uint8_t *room)
{
	for (size_t i = 0; i < ROWS; i++) {
		size_t size = shapes[i].key + shapes[i].value;

		for (size_t at = 0; at < size; at += 8) {
			*seed = *seed * 6364136223846793005u +
			    1442695040888963407u;
			put_u64le(room + at, *seed ^ *seed >> 29);
		}
		room[0] = (uint8_t) "crunh"[i];
		if (i >= 3)
			memcpy(room + 1, bench->names[number],
			    strlen(bench->names[number]));
		ops[i] = (struct engine_op){ .kind = ENGINE_PUT,
			.key = bytes_of(room, shapes[i].key),
			.value = bytes_of(room + shapes[i].key,
			    shapes[i].value) };
		room += size + 8;
	}
	return room;
}

static struct taken
rows_write(const struct bench *bench, const struct row_shape shapes[ROWS],
    struct engine *records, struct engine *copies)
{
	struct engine_op *ops = calloc((size_t)BATCH * ROWS, sizeof(*ops));
	struct engine_op *copied = calloc((size_t)BATCH * 2, sizeof(*ops));
	struct ouro_error err = { 0 };
	uint64_t seed = 1;
	size_t size = 8 * ROWS;
	struct taken taken = taken_begin();
	uint8_t *room;

	for (size_t i = 0; i < ROWS; i++)
		size += shapes[i].key + shapes[i].value;
	room = malloc(BATCH * size);
	if (ops == NULL || copied == NULL || room == NULL)
		exit(1);
	for (uint64_t i = 0; i < bench->count;) {
		uint8_t *at = room;
		size_t n = 0;

		for (; n < BATCH && i < bench->count; n++, i++) {
			at = rows_make(bench, shapes, i, &seed, ops + n * ROWS,
			    at);
			copied[n * 2] = ops[n * ROWS];
			copied[n * 2 + 1] = ops[n * ROWS + 1];
		}
		need(engine_apply(records, ops, n * ROWS, ENGINE_SYNC_ALWAYS,
			 &err),
		    &err);
		need(engine_apply(copies, copied, n * 2, ENGINE_SYNC_NEVER,
			 &err),
		    &err);
	}
	taken_end(&taken);
	free(ops);
	free(copied);
	free(room);
	return taken;
}

/* The rows h of the vault, where they are. */
static struct taken
rows_read(const struct bench *bench, struct ouro_vault *vault)
{
	struct ouro_error err = { 0 };
	struct taken taken = taken_begin();

	for (uint64_t i = 0; i < bench->count; i++) {
		struct row_key key = row_name(ROW_HEADS, "kv",
		    bench->names[i * 7 % bench->count]);
		struct engine_value value = { 0 };

		need(engine_get(vault->records, row_bytes(&key), &value, &err),
		    &err);
		engine_value_release(&value);
	}
	taken_end(&taken);
	return taken;
}

/* ---- the vault ----------------------------------------------------------------------- */

static struct taken
vault_write(const struct bench *bench, struct ouro_vault *vault)
{
	struct ouro_put_options options = { .size = sizeof(options),
		.namespace_ = "kv" };
	uint8_t *value = malloc(bench->bytes + 1);
	struct ouro_error err = { 0 };
	struct taken taken = taken_begin();

	if (value == NULL)
		exit(1);
	for (uint64_t i = 0; i < bench->count;) {
		struct ouro_batch *batch;

		need(ouro_batch_begin(vault, &batch, &err), &err);
		for (size_t n = 0; n < BATCH && i < bench->count; n++, i++) {
			struct ouro_put *put;

			options.name = bench->names[i];
			need(ouro_put_begin(vault, &options, &put, &err), &err);
			need(ouro_put_write(put, value_make(bench, i, value),
				 bench->bytes, &err),
			    &err);
			need(ouro_batch_finish_put(batch, put, NULL, &err),
			    &err);
		}
		need(ouro_batch_commit(batch, &err), &err);
	}
	taken_end(&taken);
	free(value);
	return taken;
}

static struct taken
vault_read(const struct bench *bench, struct ouro_vault *vault, uint64_t count,
    bool whole)
{
	uint8_t content[OURO_ID_SIZE], version[OURO_ID_SIZE];
	struct ouro_error err = { 0 };
	struct taken taken = taken_begin();

	for (uint64_t i = 0; i < count; i++) {
		const char *name = bench->names[i * 7 % bench->count];
		void *data;
		size_t size;

		need(ouro_name_read(vault, "kv", name, content, version, &err),
		    &err);
		if (!whole)
			continue;
		need(ouro_get_whole(vault, version, bench->bytes, &data, &size,
			 &err),
		    &err);
		if (size != bench->bytes)
			exit(1);
		free(data);
	}
	taken_end(&taken);
	return taken;
}

/* ---- together ------------------------------------------------------------------------- */

/* One side's writes and reads. */
struct rates {
	struct taken write, read;
};

static void
rate_print(uint64_t count, const char *what, struct taken taken)
{
	printf("%-30s %9.0f /s  %6.2f us cpu\n", what,
	    (double)count / taken.wall, taken.cpu / (double)count * 1e6);
	fflush(stdout);
}

static struct rates
engine_side(const struct bench *bench, bool sealed)
{
	struct executor *executor = NULL;
	struct engine *engine;
	struct rates rates;

	engine = engine_make(bench, sealed ? "sealed" : "plain", sealed,
	    &executor);
	rates.write = engine_write(bench, engine);
	rate_print(bench->count,
	    sealed ? "records' engine: put" : "store's engine: put",
	    rates.write);
	rates.read = engine_read(bench, engine);
	rate_print(bench->count,
	    sealed ? "records' engine: get" : "store's engine: get",
	    rates.read);
	engine_close(engine);
	executor_close(executor);
	return rates;
}

/* What the vault writes, written by the same engines alone; what a name's read
 * reads, read by the vault's own. */
static struct rates
rows_side(const struct bench *bench, struct ouro_vault *vault)
{
	struct row_shape shapes[ROWS];
	struct executor *executor = NULL;
	struct engine *records, *copies;
	struct rates rates;

	rates.read = rows_read(bench, vault);
	rate_print(bench->count, "same rows: get", rates.read);
	shapes_measure(vault, shapes);
	records = engine_make(bench, "records", true, &executor);
	copies = engine_make(bench, "copies", true, &executor);
	rates.write = rows_write(bench, shapes, records, copies);
	rate_print(bench->count, "same rows: put", rates.write);
	engine_close(records);
	engine_close(copies);
	executor_close(executor);
	return rates;
}

static struct rates
vault_side(const struct bench *bench, struct rates *rows)
{
	struct ouro_vault_options options = { .size = sizeof(options) };
	struct ouro_error err = { 0 };
	struct ouro_vault *vault;
	struct rates rates;
	char dir[600];

	snprintf(dir, sizeof(dir), "%s/vault", bench->dir);
	need(ouro_vault_open(dir, &options, &vault, &err), &err);
	rates.write = vault_write(bench, vault);
	rate_print(bench->count, "vault: put under a name", rates.write);
	rates.read = vault_read(bench, vault, bench->count, false);
	rate_print(bench->count, "vault: read of a name", rates.read);
	rate_print(bench->count / 10 + 1, "vault: with its bytes",
	    vault_read(bench, vault, bench->count / 10 + 1, true));
	*rows = rows_side(bench, vault);
	ouro_vault_close(vault);
	return rates;
}

static void
ratios_print(const char *what, const struct rates *vault,
    const struct rates *engine)
{
	printf("vault / %-21s put %.2f   get %.2f\n", what,
	    engine->write.wall / vault->write.wall,
	    engine->read.wall / vault->read.wall);
}

/* Random enough not to compress. */
static void
data_make(struct bench *bench)
{
	uint64_t x = 88172645463325252u;

	bench->data = malloc(bench->bytes + 4096);
	if (bench->data == NULL)
		exit(1);
	for (size_t i = 0; i < bench->bytes + 4096; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		bench->data[i] = (uint8_t)x;
	}
}

static void
directory_remove(char *directory)
{
	char *const argv[] = { (char[]){ "rm" }, (char[]){ "-rf" }, directory,
		NULL };
	pid_t pid = fork();

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(1);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

int
main(int argc, char **argv)
{
	struct bench bench = { .count = 1000000, .bytes = 100 };
	struct rates plain, sealed, vault, rows;

	if (argc > 1)
		bench.count = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		bench.bytes = strtoul(argv[2], NULL, 10);
	if (bench.count == 0 || bench.bytes == 0)
		return 2;
	snprintf(bench.dir, sizeof(bench.dir), "%s/names_bench.%ld",
	    argc > 3 ? argv[3] : ".", (long)getpid());
	if (mkdir(bench.dir, 0700) != 0) {
		perror(bench.dir);
		return 1;
	}
	data_make(&bench);
	names_make(&bench);
	printf("%llu names, %zu bytes each, batches of %u\n",
	    (unsigned long long)bench.count, bench.bytes, BATCH);
	plain = engine_side(&bench, false);
	sealed = engine_side(&bench, true);
	vault = vault_side(&bench, &rows);
	ratios_print("store's engine", &vault, &plain);
	ratios_print("records' engine", &vault, &sealed);
	ratios_print("the same rows", &vault, &rows);
	directory_remove(bench.dir);
	free(bench.data);
	free(bench.names);
	return 0;
}

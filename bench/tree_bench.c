/*
 * tree_bench - what questions about a hierarchy cost in stores of 10^4, 10^5
 * and 10^6 small contents. The answers have the same size in each, 100, so
 * the times are to stay as they are while the store grows.
 *
 *   tree_bench [CONTENTS...]
 *
 * 20 parents with 100 children, 20 chains of 100, and families of one parent
 * and nine children; all named, put in batches of 1,000. The store is opened
 * again before it is asked. Of 100 questions, each kind to 20 places, the
 * median is shown: of the CPU time of the thread that asks, which is all there
 * is when the files are in memory, and which other work on the machine moves
 * little.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ouroboros.h>

#include "data.h"
#include "folder.h"

#define ANSWER	 100
#define PLACES	 20
#define ROUNDS	 5
#define FAMILY	 10
#define BATCH	 1000
#define CONTENTS ((size_t)PLACES * (2 * ANSWER + 2)) /* that are asked for */

enum question { CHILDREN, DESCENDANTS, ANCESTORS, ROOTS, LISTING, QUESTIONS };

static const char *const question_names[QUESTIONS] = { "children",
	"descendants", "ancestors", "page of roots", "page of names" };

struct bench {
	struct ouro_vault *vault;
	struct ouro_batch *batch;
	struct ouro_error err;
	size_t batched, count;
	uint8_t wide[PLACES][OURO_ID_SIZE]; /* parents of ANSWER children */
	uint8_t deep[PLACES][OURO_ID_SIZE]; /* the last of ANSWER + 1 */
	double micros[QUESTIONS];
	double put_seconds;
};

static double
now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
must(const struct bench *bench, enum ouro_status status)
{
	if (status == OURO_OK)
		return;
	fprintf(stderr, "tree_bench: %s\n", bench->err.text);
	exit(1);
}

/* ---- making ------------------------------------------------------------------ */

static void
batch_end(struct bench *bench)
{
	if (bench->batch != NULL)
		must(bench, ouro_batch_commit(bench->batch, &bench->err));
	bench->batch = NULL;
	bench->batched = 0;
}

static void
content_put(struct bench *bench, const uint8_t *parent,
    uint8_t id[OURO_ID_SIZE])
{
	char name[32];
	struct ouro_put_options options = { .size = sizeof options,
		.name = name,
		.parent = parent };
	struct ouro_put *put;

	if (bench->batch == NULL)
		must(bench,
		    ouro_batch_begin(bench->vault, &bench->batch, &bench->err));
	snprintf(name, sizeof name, "n/%08zu", bench->count++);
	must(bench, ouro_put_begin(bench->vault, &options, &put, &bench->err));
	must(bench, ouro_put_write(put, name, strlen(name), &bench->err));
	must(bench,
	    ouro_batch_finish_put(bench->batch, put, NULL, &bench->err));
	must(bench, ouro_batch_content(bench->batch, id, &bench->err));
	if (++bench->batched == BATCH)
		batch_end(bench);
}

static void
contents_make(struct bench *bench, size_t count)
{
	uint8_t id[OURO_ID_SIZE], parent[OURO_ID_SIZE];
	double start = now(CLOCK_MONOTONIC);

	for (size_t i = 0; i < PLACES; i++) {
		content_put(bench, NULL, bench->wide[i]);
		for (size_t j = 0; j < ANSWER; j++)
			content_put(bench, bench->wide[i], id);
		content_put(bench, NULL, bench->deep[i]);
		for (size_t j = 0; j < ANSWER; j++) {
			memcpy(parent, bench->deep[i], OURO_ID_SIZE);
			content_put(bench, parent, bench->deep[i]);
		}
	}
	while (bench->count < count) {
		bool root = bench->count % FAMILY == 0;

		content_put(bench, root ? NULL : parent, id);
		if (root)
			memcpy(parent, id, OURO_ID_SIZE);
	}
	batch_end(bench);
	bench->put_seconds = now(CLOCK_MONOTONIC) - start;
}

/* ---- asking -------------------------------------------------------------------- */

static bool
id_count(void *context, const uint8_t id[OURO_ID_SIZE])
{
	size_t *count = context;

	(void)id;
	return ++*count < ANSWER;
}

static bool
node_count(void *context, const uint8_t id[OURO_ID_SIZE],
    const uint8_t parent[OURO_ID_SIZE], uint64_t depth)
{
	(void)parent;
	(void)depth;
	return id_count(context, id);
}

/* Names n/00001200 to n/00001299, say. */
static size_t
names_list(struct bench *bench, size_t place)
{
	char prefix[32];
	struct ouro_list_options options = { .size = sizeof options,
		.namespace_ = "blobs",
		.prefix = prefix };
	struct ouro_list *list;
	struct ouro_info info;
	size_t count = 0;

	snprintf(prefix, sizeof prefix, "n/%06zu",
	    place * (bench->count / ANSWER / PLACES));
	must(bench, ouro_list_open(bench->vault, &options, &list, &bench->err));
	while (ouro_list_next(list, &info, &bench->err) == OURO_OK) {
		ouro_info_release(&info);
		count++;
	}
	ouro_list_close(list);
	return count;
}

/* How many were answered. */
static size_t
ask(struct bench *bench, enum question question, size_t place)
{
	uint8_t after[OURO_ID_SIZE] = { (uint8_t)(place * 8), 3, 5 };
	struct ouro_vault *vault = bench->vault;
	struct ouro_error *err = &bench->err;
	size_t count = 0;

	switch (question) {
	case CHILDREN:
		must(bench,
		    ouro_children(vault, bench->wide[place], NULL, id_count,
			&count, err));
		return count;
	case DESCENDANTS:
		must(bench,
		    ouro_descendants(vault, bench->wide[place], node_count,
			&count, err));
		return count;
	case ANCESTORS:
		must(bench,
		    ouro_ancestors(vault, bench->deep[place], id_count, &count,
			err));
		return count;
	case ROOTS:
		must(bench, ouro_roots(vault, after, id_count, &count, err));
		return count;
	default:
		return names_list(bench, place);
	}
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
question_time(struct bench *bench, enum question question)
{
	double times[ROUNDS * PLACES];

	for (size_t i = 0; i < ROUNDS * PLACES; i++) {
		double start = now(CLOCK_THREAD_CPUTIME_ID);
		size_t count = ask(bench, question, i % PLACES);

		times[i] = (now(CLOCK_THREAD_CPUTIME_ID) - start) * 1e6;
		if (count != ANSWER) {
			fprintf(stderr, "tree_bench: %s: %zu of %d\n",
			    question_names[question], count, ANSWER);
			exit(1);
		}
	}
	qsort(times, ROUNDS * PLACES, sizeof *times, compare);
	bench->micros[question] = times[ROUNDS * PLACES / 2];
}

/* ---- a store of each size ------------------------------------------------------- */

static void
store_open(struct bench *bench, const char *dir)
{
	struct ouro_vault_options options = { .size = sizeof options };

	must(bench, ouro_vault_open(dir, &options, &bench->vault, &bench->err));
}

static void
store_bench(struct bench *bench, size_t count)
{
	const char *above = getenv("TMPDIR");
	char *work = path_join(above != NULL ? above : "/tmp",
	    "ouroboros-tree-XXXXXX");

	if (mkdtemp(work) == NULL) {
		complain(work);
		exit(1);
	}
	store_open(bench, work);
	contents_make(bench, count);
	ouro_vault_close(bench->vault);
	store_open(bench, work);
	for (enum question q = 0; q < QUESTIONS; q++)
		question_time(bench, q);
	ouro_vault_close(bench->vault);
	if (!folder_remove(work))
		exit(1);
	free(work);
}

static void
row_print(const struct bench *bench)
{
	printf("%9zu %10.0f", bench->count,
	    (double)bench->count / bench->put_seconds);
	for (enum question q = 0; q < QUESTIONS; q++)
		printf(" %14.0f", bench->micros[q]);
	putchar('\n');
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const char *const usual[] = { "10000", "100000", "1000000" };
	const char *const *sizes = argc > 1 ? (const char *const *)argv + 1
					    : usual;
	int count = argc > 1 ? argc - 1 : 3;

	printf("CPU microseconds for an answer of %d\n%9s %10s", ANSWER,
	    "contents", "puts/s");
	for (enum question q = 0; q < QUESTIONS; q++)
		printf(" %14s", question_names[q]);
	putchar('\n');
	for (int i = 0; i < count; i++) {
		static struct bench bench;

		bench = (struct bench){ .vault = NULL };
		if (strtoull(sizes[i], NULL, 10) < 2 * CONTENTS) {
			fprintf(stderr, "tree_bench: at least %zu contents\n",
			    2 * CONTENTS);
			return 2;
		}
		store_bench(&bench, strtoull(sizes[i], NULL, 10));
		row_print(&bench);
	}
	return 0;
}

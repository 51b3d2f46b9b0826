/*
 * stages_bench - the parts of the product without the product, on files; and
 * what bench/vault.sh needs beside it.
 *
 *   stages_bench                       the stages on 128 MiB, one thread
 *   stages_bench data DIR MIB          make the files of the bench
 *   stages_bench edit DIR NEW          make an edited copy of them
 *   stages_bench bare K M THREADS DATA EDITED WORK OUT
 *       store DATA to plain files in the new directory WORK, again, then
 *       EDITED, then restore that to the new directory OUT
 *   stages_bench run REPORT COMMAND...
 *       run it; REPORT gets wall seconds, CPU seconds, peak anonymous bytes,
 *       bytes written
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "data.h"
#include "measure.h"
#include "pipeline.h"

#define DEFAULT_MIB 128

/* Per stage CPU time: other work on the machine moves it little. */
static void
print_times(const char *what, const struct folder *folder,
    const struct pipeline_times *times)
{
	double mb = (double)folder->bytes / 1e6;

	printf("%s %.4f %.0f MB/s\n", what, times->seconds,
	    mb / times->seconds);
	for (unsigned i = 0; i < STAGES; i++)
		if (times->stages[i] > 0)
			printf("  %-26s %8.3f s %8.0f MB/s\n", stage_names[i],
			    times->stages[i], mb / times->stages[i]);
}

struct bare {
	unsigned k, m, threads;
	const char *data, *edited, *work, *out;
};

static int
bare(const struct bare *bare)
{
	struct pipeline *pipeline = pipeline_new(bare->work, bare->k, bare->m,
	    bare->threads);
	struct pipeline_times times;
	struct folder data, edited;
	uint64_t before;
	bool fine;

	fine = folder_open(bare->data, &data);
	fine = folder_open(bare->edited, &edited) && fine;
	fine = fine && pipeline_store(pipeline, &data, &times);
	if (fine)
		print_times("store", &data, &times);
	fine = fine && pipeline_store(pipeline, &data, &times);
	if (fine)
		print_times("again", &data, &times);
	before = pipeline_written(pipeline);
	fine = fine && pipeline_store(pipeline, &edited, &times);
	if (fine)
		print_times("edited", &edited, &times);
	if (fine)
		printf("stored %llu grown %llu\n", (unsigned long long)before,
		    (unsigned long long)(pipeline_written(pipeline) - before));
	fine = fine && pipeline_restore(pipeline, &edited, bare->out, &times);
	if (fine)
		print_times("restore", &edited, &times);
	folder_close(&data);
	folder_close(&edited);
	pipeline_free(pipeline);
	return fine ? 0 : 1;
}

static int
run(const char *report, char **argv)
{
	struct measured measured;
	FILE *file;

	if (!measure(argv, &measured))
		return 127;
	file = fopen(report, "we");
	if (file == NULL ||
	    fprintf(file, "%.4f %.3f %llu %llu\n", measured.seconds,
		measured.cpu_seconds, (unsigned long long)measured.anonymous,
		(unsigned long long)measured.written) < 0 ||
	    fclose(file) != 0) {
		complain(report);
		return 1;
	}
	return measured.code;
}

static int
alone_in(const char *work)
{
	char *data = path_join(work, "data");
	char *edited = path_join(work, "edited");
	char *lanes = path_join(work, "lanes");
	char *out = path_join(work, "out");
	const struct bare part = { .k = 3,
		.m = 2,
		.threads = 1,
		.data = data,
		.edited = edited,
		.work = lanes,
		.out = out };
	int code = 1;

	if (data_make(data, (uint64_t)DEFAULT_MIB << 20) &&
	    data_edit(data, edited))
		code = bare(&part);
	free(data);
	free(edited);
	free(lanes);
	free(out);
	return code;
}

/* The stages in one thread, in a directory of their own. */
static int
alone(void)
{
	const char *above = getenv("TMPDIR");
	char *work = path_join(above != NULL ? above : "/tmp",
	    "ouroboros-stages-XXXXXX");
	int code = 1;

	if (mkdtemp(work) == NULL) {
		complain(work);
	} else {
		code = alone_in(work);
		if (!folder_remove(work))
			code = 1;
	}
	free(work);
	return code;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 1)
		return alone();
	if (strcmp(what, "data") == 0 && argc == 4)
		return data_make(argv[2], strtoull(argv[3], NULL, 10) << 20)
		    ? 0
		    : 1;
	if (strcmp(what, "edit") == 0 && argc == 4)
		return data_edit(argv[2], argv[3]) ? 0 : 1;
	if (strcmp(what, "bare") == 0 && argc == 9)
		return bare(
		    &(struct bare){ .k = (unsigned)strtoul(argv[2], NULL, 10),
			.m = (unsigned)strtoul(argv[3], NULL, 10),
			.threads = (unsigned)strtoul(argv[4], NULL, 10),
			.data = argv[5],
			.edited = argv[6],
			.work = argv[7],
			.out = argv[8] });
	if (strcmp(what, "run") == 0 && argc >= 4)
		return run(argv[2], argv + 3);
	fputs("usage: stages_bench [data|edit|bare|run ...]; see its source\n",
	    stderr);
	return 2;
}

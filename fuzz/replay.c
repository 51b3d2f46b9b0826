/*
 * replay - a main for a fuzz target that feeds it files instead of mutations:
 * every file named, and every file of a directory named, in name order.
 *
 * The name is printed before its file is tried, so the last line names what
 * made the target fail. Each input lies in a block of exactly its size, where
 * the sanitizers see the first byte read beyond it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t inputs;

static void
fail(const char *path)
{
	fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
	exit(1);
}

static void
replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size > 0 ? size : 1);

	if (file == NULL || data == NULL)
		fail(path);
	if (fread(data, 1, size, file) != size)
		fail(path);
	fclose(file);
	if (size == 0) {
		free(data);
		data = NULL;
	}
	puts(path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, size);
	inputs++;
	free(data);
}

static void
replay_directory(const char *path)
{
	struct dirent **entries;
	struct stat info;
	char name[4096];
	int count = scandir(path, &entries, NULL, alphasort);

	if (count < 0)
		fail(path);
	for (int i = 0; i < count; i++) {
		int length = snprintf(name, sizeof name, "%s/%s", path,
		    entries[i]->d_name);

		if (length < 0 || (size_t)length >= sizeof name)
			abort();
		if (stat(name, &info) != 0)
			fail(name);
		if (S_ISREG(info.st_mode))
			replay_file(name, (size_t)info.st_size);
		free(entries[i]);
	}
	free(entries);
}

int
main(int argc, char **argv)
{
	struct stat info;

	for (int i = 1; i < argc; i++) {
		if (stat(argv[i], &info) != 0)
			fail(argv[i]);
		if (S_ISDIR(info.st_mode))
			replay_directory(argv[i]);
		else
			replay_file(argv[i], (size_t)info.st_size);
	}
	printf("%zu inputs\n", inputs);
	return inputs > 0 ? 0 : 1;
}

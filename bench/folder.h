/*
 * folder - the files of a directory, sorted, and whole-file reads and writes.
 * Failures are told on standard error.
 */
#ifndef BENCH_FOLDER_H
#define BENCH_FOLDER_H

#include "base/bytes.h"

struct folder_file {
	char *path; /* below the root */
	uint64_t size;
};

struct folder {
	char *root;
	struct folder_file *files;
	size_t count;
	uint64_t bytes;
};

/* All regular files below root that can be read. */
bool folder_open(const char *root, struct folder *out);
void folder_close(struct folder *folder);
/* Removes a directory and all that is in it. */
bool folder_remove(const char *root);

/* root/path in memory that the caller frees; ends the program when there is
 * none. */
char *path_join(const char *root, const char *path);
/* Makes the directories above path. */
bool path_prepare(const char *path);

/* Replaces out; reads at most size_max bytes. */
bool file_load(const char *path, uint64_t size_max, struct buffer *out);
bool file_save(const char *path, struct bytes content);

/* False, after having said what failed and why (errno). */
bool complain(const char *what);

#endif

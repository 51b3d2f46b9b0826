#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool
complain(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	return false;
}

char *
path_join(const char *root, const char *path)
{
	char *joined;

	if (asprintf(&joined, "%s/%s", root, path) < 0) {
		fputs("bench: out of memory\n", stderr);
		exit(1);
	}
	return joined;
}

bool
path_prepare(const char *path)
{
	char *copy = strdup(path), *slash;
	bool made = copy != NULL;

	for (slash = copy; made && (slash = strchr(slash + 1, '/')) != NULL;) {
		*slash = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			made = complain(copy);
		*slash = '/';
	}
	free(copy);
	return made;
}

/* ---- folders ----------------------------------------------------------------- */

static int
entry_compare(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool
folder_add(struct folder *folder, const char *path, uint64_t size)
{
	size_t above = strlen(folder->root) + 1;

	if ((folder->count & (folder->count - 1)) == 0) {
		size_t room = folder->count == 0 ? 1 : folder->count * 2;
		struct folder_file *files = realloc(folder->files,
		    room * sizeof *files);

		if (files == NULL)
			return complain("memory");
		folder->files = files;
	}
	folder->files[folder->count++] = (struct folder_file){
		.path = strdup(path + above),
		.size = size
	};
	folder->bytes += size;
	return true;
}

bool
folder_open(const char *root, struct folder *out)
{
	char *roots[] = { (char *)(uintptr_t)root, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, entry_compare);
	bool fine = walk != NULL;
	FTSENT *entry;

	*out = (struct folder){ .root = strdup(root) };
	if (!fine)
		return complain(root);
	while (fine && (entry = fts_read(walk)) != NULL) {
		if (entry->fts_info == FTS_NS && entry->fts_level == 0) {
			errno = entry->fts_errno;
			fine = complain(root);
		}
		if (entry->fts_info == FTS_F &&
		    access(entry->fts_path, R_OK) == 0)
			fine = folder_add(out, entry->fts_path,
			    (uint64_t)entry->fts_statp->st_size);
	}
	fts_close(walk);
	return fine;
}

void
folder_close(struct folder *folder)
{
	for (size_t i = 0; i < folder->count; i++)
		free(folder->files[i].path);
	free(folder->files);
	free(folder->root);
	*folder = (struct folder){ 0 };
}

static int
remove_entry(const char *path, const struct stat *status, int type,
    struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

bool
folder_remove(const char *root)
{
	return nftw(root, remove_entry, 32, FTW_DEPTH | FTW_PHYS) == 0 ||
	    complain(root);
}

/* ---- whole files -------------------------------------------------------------- */

bool
file_load(const char *path, uint64_t size_max, struct buffer *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	size_t want;
	ssize_t got = 1;

	out->size = 0;
	if (fd < 0 || fstat(fd, &status) != 0)
		goto fail;
	want = (size_t)status.st_size;
	if (want > size_max)
		want = (size_t)size_max;
	if (buffer_resize(out, want, NULL) != OURO_OK)
		goto fail;
	for (size_t at = 0; at < want && got > 0; at += (size_t)got) {
		got = read(fd, out->data + at, want - at);
		if (got < 0)
			goto fail;
	}
	close(fd);
	return true;
fail:
	if (fd >= 0)
		close(fd);
	return complain(path);
}

bool
file_save(const char *path, struct bytes content)
{
	int fd;

	if (!path_prepare(path))
		return false;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (size_t at = 0; fd >= 0 && at < content.size;) {
		ssize_t put = write(fd, content.data + at, content.size - at);

		if (put < 0) {
			close(fd);
			fd = -1;
		}
		at += (size_t)put;
	}
	if (fd < 0 || close(fd) != 0)
		return complain(path);
	return true;
}

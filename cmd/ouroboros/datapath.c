#include "datapath.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

/* Links are kept as they are: they may lead elsewhere one day. NULL: errno. */
static char *
absolute(const char *path)
{
	char *here, *out = NULL;

	if (path[0] == '/')
		return strdup(path);
	here = getcwd(NULL, 0);
	if (here != NULL && asprintf(&out, "%s/%s", here, path) < 0) {
		out = NULL;
		errno = ENOMEM;
	}
	free(here);
	return out;
}

static bool
is_same(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 &&
	    one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* A directory that is missing is rather one that is not mounted: it is not
 * made. */
static int
path_take(struct invocation *inv, const char *given, struct data_paths *out)
{
	struct stat status;
	char *path;

	if (stat(given, &status) != 0)
		return report_errno(inv, errno, given);
	if (!S_ISDIR(status.st_mode))
		return report_errno(inv, ENOTDIR, given);
	path = absolute(given);
	if (path == NULL)
		return report_errno(inv, errno, given);
	out->list[out->count++] = path;
	for (size_t i = 0; i + 1 < out->count; i++)
		if (is_same(out->list[i], path))
			return report_usage(inv,
			    "--data-path names %s twice: its slices would go "
			    "with one disk",
			    given);
	return 0;
}

int
data_paths_take(struct invocation *inv, struct data_paths *out)
{
	int code = 0;

	*out = (struct data_paths){ .count = 0 };
	for (size_t i = 0; code == 0 && i < inv->data_path_count; i++)
		code = path_take(inv, inv->data_paths[i], out);
	return code;
}

void
data_paths_release(struct data_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->list[i]);
	paths->count = 0;
}

int
data_paths_check(struct invocation *inv, struct ouro_vault *vault,
    const struct data_paths *paths)
{
	size_t same = 0;
	const char *path;

	if (paths->count == 0)
		return 0;
	while ((path = ouro_vault_data_path(vault, same)) != NULL &&
	    same < paths->count && strcmp(path, paths->list[same]) == 0)
		same++;
	if (path == NULL && same == paths->count)
		return 0;
	return report_status(inv, OURO_REFUSED,
	    "the store is there already, with other data paths "
	    "('ouroboros stats' lists them); they are chosen when it is made");
}

#include "engine/old_snapshot.h"

#include "base/log.h"

static const uint8_t magic[8] = { 'K', 'V', 'I', 'N', 'D', 'E', 'X', '1' };

bool
old_snapshot_is(struct fs *fs, const char *path)
{
	uint8_t head[sizeof magic];
	struct fs_info info;
	struct fs_file *file;
	bool result;
	size_t got;

	if (fs_stat(fs, path, &info, NULL) != OURO_OK || !info.regular ||
	    info.size < sizeof magic ||
	    fs_open(fs, path, FS_READ, &file, NULL) != OURO_OK)
		return false;
	result = fs_read(file, 0, head, sizeof head, &got, NULL) == OURO_OK &&
	    got == sizeof head && memcmp(head, magic, sizeof head) == 0;
	fs_close(file);
	return result;
}

struct telling {
	struct fs *fs;
	const char *dir;
	const struct log *log;
};

static enum ouro_status
file_tell(void *context, const char *name, struct ouro_error *err)
{
	const struct telling *telling = context;
	char path[FS_PATH_MAX];

	(void)err;
	if (fs_join(path, telling->dir, name, NULL) == OURO_OK &&
	    old_snapshot_is(telling->fs, path))
		log_write(telling->log, LOG_DEBUG,
		    "%s is a snapshot of the older system, and not used", path);
	return OURO_OK;
}

void
old_snapshots_tell(struct fs *fs, const char *dir, const struct log *log)
{
	struct telling telling = { fs, dir, log };

	if (log != NULL && log->level_min <= LOG_DEBUG)
		(void)fs_list(fs, dir, file_tell, &telling, NULL);
}

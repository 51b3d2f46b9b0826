#include "base/fs_store.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"

#define SPACE_UNLIMITED ((uint64_t)1 << 50) /* told when there is no limit */

enum ouro_status
fs_store_stat(struct fs *fs, const char *path, struct fs_info *info,
    struct ouro_error *err)
{
	struct store_node *node = NULL;
	enum ouro_status status;
	int errnum;

	status = fs_store_begin(fs, FS_CALL_ANY, path, err);
	if (status != OURO_OK)
		return status;
	errnum = fs_store_find((struct store *)fs, path, &node);
	if (errnum != 0)
		return fs_store_end(fs,
		    error_errno(err, errnum, "cannot stat %s", path));
	info->size = node->content.size;
	info->directory = node->directory;
	info->regular = !node->directory;
	info->mode = node->directory ? 0700 : 0600;
	info->modified_ms = node->modified_ms;
	return fs_store_end(fs, OURO_OK);
}

static bool
move_apply(const struct store_move *move)
{
	if (move->to_dir != NULL &&
	    !fs_names_put(&move->to_dir->names, move->to, move->node))
		return false;
	if (move->from_dir != NULL)
		fs_names_take(&move->from_dir->names, move->from);
	return true;
}

enum ouro_status
fs_store_move(struct store *store, const struct store_move *move,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (store->hooks->move != NULL)
		status = store->hooks->move(store, move, err);
	if (status == OURO_OK && !move_apply(move))
		status = error_memory(err);
	return status;
}

static enum ouro_status
directory_add(struct store *store, const char *path, struct ouro_error *err)
{
	char name[STORE_NAME_MAX + 1];
	struct store_node *dir = NULL;
	struct store_node *node;
	enum ouro_status status;
	int errnum;

	errnum = fs_store_find_parent(store, path, &dir, name);
	if (errnum == 0 && fs_names_find(&dir->names, name) != NULL)
		errnum = EEXIST;
	if (errnum != 0)
		return error_errno(err, errnum, "cannot make directory %s",
		    path);
	node = fs_node_new(store, true);
	if (node == NULL)
		return error_memory(err);
	status = fs_store_move(store,
	    &(struct store_move){ .node = node, .to_dir = dir, .to = name },
	    err);
	fs_node_drop(node);
	return status;
}

enum ouro_status
fs_store_mkdir(struct fs *fs, const char *path, struct ouro_error *err)
{
	enum ouro_status status = fs_store_begin(fs, FS_CALL_MKDIR, path, err);

	if (status != OURO_OK)
		return status;
	return fs_store_end(fs, directory_add((struct store *)fs, path, err));
}

/* Copies the names, so that they can be told without the lock. */
static enum ouro_status
names_collect(struct store *store, const char *path, char ***out, size_t *count,
    struct ouro_error *err)
{
	struct store_node *node = NULL;
	int errnum = fs_store_find(store, path, &node);
	char **list;

	if (errnum == 0 && !node->directory)
		errnum = ENOTDIR;
	if (errnum != 0)
		return error_errno(err, errnum, "cannot list %s", path);
	list = calloc(node->names.count + 1, sizeof(*list));
	if (list == NULL)
		return error_memory(err);
	*out = list;
	for (*count = 0; *count < node->names.count; (*count)++) {
		list[*count] = strdup(node->names.list[*count].name);
		if (list[*count] == NULL)
			return error_memory(err);
	}
	return OURO_OK;
}

enum ouro_status
fs_store_list(struct fs *fs, const char *path, fs_each *each, void *context,
    struct ouro_error *err)
{
	enum ouro_status status;
	char **list = NULL;
	size_t count = 0;

	status = fs_store_begin(fs, FS_CALL_LIST, path, err);
	if (status != OURO_OK)
		return status;
	status = fs_store_end(fs,
	    names_collect((struct store *)fs, path, &list, &count, err));
	for (size_t i = 0; status == OURO_OK && i < count; i++)
		status = each(context, list[i], err);
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
	return status;
}

/* Is dir the directory node, or in it at any depth? */
static bool
node_holds(const struct store_node *node, const struct store_node *dir)
{
	if (node == dir)
		return true;
	for (size_t i = 0; i < node->names.count; i++)
		if (node_holds(node->names.list[i].node, dir))
			return true;
	return false;
}

/* May node replace target, which is in directory dir? 0 or an errno. */
static int
rename_check(const struct store_node *node, const struct store_node *target,
    const struct store_node *dir)
{
	if (node_holds(node, dir))
		return EINVAL;
	if (target == NULL)
		return 0;
	if (target->directory != node->directory)
		return target->directory ? EISDIR : ENOTDIR;
	return target->names.count > 0 ? ENOTEMPTY : 0;
}

static enum ouro_status
name_change(struct store *store, const char *from, const char *to, bool replace,
    struct ouro_error *err)
{
	char from_name[STORE_NAME_MAX + 1], to_name[STORE_NAME_MAX + 1];
	struct store_node *from_dir = NULL, *to_dir = NULL;
	struct store_node *node = NULL, *target = NULL;
	int errnum;

	errnum = fs_store_find_parent(store, from, &from_dir, from_name);
	if (errnum == 0)
		errnum = fs_store_find_parent(store, to, &to_dir, to_name);
	if (errnum == 0) {
		node = fs_names_find(&from_dir->names, from_name);
		target = fs_names_find(&to_dir->names, to_name);
		if (node == NULL)
			errnum = ENOENT;
		else if (target != NULL && !replace)
			errnum = EEXIST;
		else if (node == target)
			return OURO_OK;
		else
			errnum = rename_check(node, target, to_dir);
	}
	if (errnum != 0)
		return error_errno(err, errnum, "cannot rename %s to %s", from,
		    to);
	return fs_store_move(store,
	    &(struct store_move){ node, from_dir, from_name, to_dir, to_name },
	    err);
}

enum ouro_status
fs_store_rename(struct fs *fs, const char *from, const char *to,
    struct ouro_error *err)
{
	enum ouro_status status = fs_store_begin(fs, FS_CALL_RENAME, from, err);

	if (status != OURO_OK)
		return status;
	return fs_store_end(fs,
	    name_change((struct store *)fs, from, to, true, err));
}

enum ouro_status
fs_store_rename_new(struct fs *fs, const char *from, const char *to,
    struct ouro_error *err)
{
	enum ouro_status status = fs_store_begin(fs, FS_CALL_RENAME, from, err);

	if (status != OURO_OK)
		return status;
	return fs_store_end(fs,
	    name_change((struct store *)fs, from, to, false, err));
}

static enum ouro_status
name_remove(struct store *store, const char *path, struct ouro_error *err)
{
	char name[STORE_NAME_MAX + 1];
	struct store_node *dir = NULL, *node = NULL;
	int errnum = fs_store_find_parent(store, path, &dir, name);

	if (errnum == 0) {
		node = fs_names_find(&dir->names, name);
		if (node == NULL)
			errnum = ENOENT;
		else if (node->directory)
			errnum = EISDIR;
	}
	if (errnum != 0)
		return error_errno(err, errnum, "cannot remove %s", path);
	return fs_store_move(store,
	    &(struct store_move){ .node = node, .from_dir = dir, .from = name },
	    err);
}

enum ouro_status
fs_store_unlink(struct fs *fs, const char *path, struct ouro_error *err)
{
	enum ouro_status status = fs_store_begin(fs, FS_CALL_UNLINK, path, err);

	if (status != OURO_OK)
		return status;
	return fs_store_end(fs, name_remove((struct store *)fs, path, err));
}

enum ouro_status
fs_store_sync_dir(struct fs *fs, const char *path, struct ouro_error *err)
{
	struct store *store = (struct store *)fs;
	struct store_node *node = NULL;
	enum ouro_status status;
	int errnum;

	status = fs_store_begin(fs, FS_CALL_SYNC_DIR, path, err);
	if (status != OURO_OK)
		return status;
	errnum = fs_store_find(store, path, &node);
	if (errnum == 0 && !node->directory)
		errnum = ENOTDIR;
	if (errnum != 0)
		status = error_errno(err, errnum, "cannot sync directory %s",
		    path);
	else if (store->hooks->sync_dir != NULL)
		status = store->hooks->sync_dir(node, err);
	return fs_store_end(fs, status);
}

enum ouro_status
fs_store_space(struct fs *fs, const char *path, struct fs_space *space,
    struct ouro_error *err)
{
	struct store *store = (struct store *)fs;
	struct store_node *node;
	enum ouro_status status;
	int errnum;

	status = fs_store_begin(fs, FS_CALL_ANY, path, err);
	if (status != OURO_OK)
		return status;
	errnum = fs_store_find(store, path, &node);
	if (errnum != 0)
		return fs_store_end(fs,
		    error_errno(err, errnum, "cannot ask for the space of %s",
			path));
	space->total = store->space_max < SPACE_UNLIMITED ? store->space_max
							  : SPACE_UNLIMITED;
	space->available = space->total > store->space_used
	    ? space->total - store->space_used
	    : 0;
	return fs_store_end(fs, OURO_OK);
}

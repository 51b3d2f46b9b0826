/*
 * fs_store - the tree of files in memory under fs_memory and fs_crash.
 *
 * It implements all of fs_ops. What the two add goes through hooks: one that
 * may refuse a call before it does anything, and some that are told of each
 * change just before it is made.
 *
 * Paths are resolved from one root; a leading '/', doubled '/' and '.' mean
 * nothing, '..' is refused.
 *
 * Invariants
 *   1. Every field but hooks is guarded by lock; hooks are called with it.
 *   2. A node lives while a name, an open file, a map or a hook's own keep
 *      refers to it (refs), at the latest until store_release.
 *   3. space_used is the sum of the sizes of all nodes.
 */
#ifndef BASE_FS_STORE_H
#define BASE_FS_STORE_H

#include <pthread.h>

#include "base/fs_content.h"
#include "base/fs_memory.h"
#include "base/fs_ops.h"

#define STORE_NAME_MAX 255

struct store;
struct store_node;

/* Names of one directory in byte order; each keeps its node. */
struct store_names {
	struct store_name {
		char *name;
		struct store_node *node;
	} * list;
	size_t count;
	size_t capacity;
};

struct store_node {
	struct store *store;
	struct store_node *next; /* of all nodes */
	struct store_node *previous;
	unsigned refs;
	bool directory;
	bool locked;
	uint64_t modified_ms;
	struct content content;	  /* of a file */
	struct store_names names; /* of a directory */
	void *journal;		  /* the hooks' own */
};

/*
 * A change of names: node loses the name `from` in from_dir and gets the
 * name `to` in to_dir, where another node may lose it. from_dir is NULL when
 * it is made, to_dir when it is removed.
 */
struct store_move {
	struct store_node *node;
	struct store_node *from_dir;
	const char *from;
	struct store_node *to_dir;
	const char *to;
};

/* Every hook but admit may be NULL. */
struct store_hooks {
	/* Before each call. A refusal is the call's answer; it may set
	 * store->half to have half of a write done nevertheless. Calls that
	 * enum fs_call does not name come as FS_CALL_ANY. */
	enum ouro_status (*admit)(struct store *store, enum fs_call call,
	    const char *path, struct ouro_error *err);
	/* parts is the whole write, of which the first size bytes are done. */
	enum ouro_status (*write)(struct store_node *node, uint64_t offset,
	    const struct bytes *parts, size_t size, struct ouro_error *err);
	enum ouro_status (*resize)(struct store_node *node, uint64_t size,
	    struct ouro_error *err);
	enum ouro_status (
	    *sync)(struct store_node *node, struct ouro_error *err);
	enum ouro_status (*move)(struct store *store,
	    const struct store_move *move, struct ouro_error *err);
	enum ouro_status (
	    *sync_dir)(struct store_node *node, struct ouro_error *err);
	/* A writable map was made, or is about to go. */
	enum ouro_status (
	    *mapped)(struct store_node *node, struct ouro_error *err);
	void (*unmapped)(struct store_node *node);
	/* The node is being freed: release its journal. */
	void (*freed)(struct store_node *node);
};

struct store_map {
	struct store_map *next;
	struct store_node *node;
	void *at;
	size_t size;
	bool writable;
};

struct store {
	struct fs fs; /* first */
	const struct store_hooks *hooks;
	pthread_mutex_t lock;
	struct store_node *root;
	struct store_node *nodes;
	struct store_map *maps;
	uint64_t space_used;
	uint64_t space_max;
	uint64_t clock_ns;
	uint64_t random;
	bool half;
};

/* The struct is zeroed memory of the caller; false when out of memory. */
bool fs_store_init(struct store *store, const struct store_hooks *hooks,
    uint64_t seed);
void fs_store_release(struct store *store);

/* The locked store behind fs. */
struct store *fs_store_enter(struct fs *fs);
void fs_store_leave(struct store *store);
/* Enters the store unless the call is refused. */
enum ouro_status fs_store_begin(struct fs *fs, enum fs_call call,
    const char *path, struct ouro_error *err);
/* Leaves it and returns status. */
enum ouro_status fs_store_end(struct fs *fs, enum ouro_status status);

/* The next number of a sequence that *state determines. */
uint64_t fs_random_next(uint64_t *state);

/* ---- nodes and names (fs_store_names.c) ------------------------------- */

/* With one reference, the caller's; NULL when out of memory. */
struct store_node *fs_node_new(struct store *store, bool directory);
void fs_node_keep(struct store_node *node);
void fs_node_drop(struct store_node *node); /* NULL is fine */

struct store_node *fs_names_find(const struct store_names *names,
    const char *name);
/* Replaces the name when it is there; false when out of memory. */
bool fs_names_put(struct store_names *names, const char *name,
    struct store_node *node);
void fs_names_take(struct store_names *names, const char *name);
void fs_names_release(struct store_names *names);

/* Each answers 0 or an errno. */
int fs_store_find(struct store *store, const char *path,
    struct store_node **out);
/* The directory that path's last name is in, and that name. */
int fs_store_find_parent(struct store *store, const char *path,
    struct store_node **dir, char name[STORE_NAME_MAX + 1]);

/* ---- operations: fs_store_file.c, fs_store_dir.c ---------------------- */

/* Makes the move in the live names, and tells the hook before. */
enum ouro_status fs_store_move(struct store *store,
    const struct store_move *move, struct ouro_error *err);

enum ouro_status fs_store_open(struct fs *fs, const char *path, unsigned flags,
    struct fs_file **out, struct ouro_error *err);
void fs_store_close(struct fs_file *file);
enum ouro_status fs_store_read(struct fs_file *file, uint64_t offset,
    void *data, size_t size, size_t *got, struct ouro_error *err);
enum ouro_status fs_store_write(struct fs_file *file, uint64_t offset,
    const struct bytes *parts, size_t count, struct ouro_error *err);
enum ouro_status fs_store_size(struct fs_file *file, uint64_t *size,
    struct ouro_error *err);
enum ouro_status fs_store_truncate(struct fs_file *file, uint64_t size,
    struct ouro_error *err);
enum ouro_status fs_store_allocate(struct fs_file *file, uint64_t size,
    struct ouro_error *err);
enum ouro_status fs_store_sync(struct fs_file *file, struct ouro_error *err);
void fs_store_flush_start(struct fs_file *file, uint64_t offset, uint64_t size);
enum ouro_status fs_store_map(struct fs_file *file, size_t size, unsigned flags,
    void **out, struct ouro_error *err);
void fs_store_unmap(struct fs *fs, void *map, size_t size);
enum ouro_status fs_store_lock(struct fs_file *file, struct ouro_error *err);

enum ouro_status fs_store_stat(struct fs *fs, const char *path,
    struct fs_info *info, struct ouro_error *err);
enum ouro_status fs_store_mkdir(struct fs *fs, const char *path,
    struct ouro_error *err);
enum ouro_status fs_store_list(struct fs *fs, const char *path, fs_each *each,
    void *context, struct ouro_error *err);
enum ouro_status fs_store_rename(struct fs *fs, const char *from,
    const char *to, struct ouro_error *err);
enum ouro_status fs_store_rename_new(struct fs *fs, const char *from,
    const char *to, struct ouro_error *err);
enum ouro_status fs_store_unlink(struct fs *fs, const char *path,
    struct ouro_error *err);
enum ouro_status fs_store_sync_dir(struct fs *fs, const char *path,
    struct ouro_error *err);
enum ouro_status fs_store_space(struct fs *fs, const char *path,
    struct fs_space *space, struct ouro_error *err);

#endif

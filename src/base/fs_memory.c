#include "base/fs_memory.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/fs_store.h"

struct fs_memory {
	struct store store; /* first */
	struct fs_fault fault;
	uint64_t calls[FS_CALL_ANY + 1];
	uint64_t matched; /* calls that the fault is about */
};

static bool
path_is_in(const char *path, const char *top)
{
	size_t size = strlen(top);

	return strncmp(path, top, size) == 0 &&
	    (path[size] == '\0' || path[size] == '/');
}

static enum ouro_status
memory_admit(struct store *store, enum fs_call call, const char *path,
    struct ouro_error *err)
{
	struct fs_memory *memory = (struct fs_memory *)store;
	const struct fs_fault *fault = &memory->fault;

	if (call == FS_CALL_ANY)
		return OURO_OK;
	memory->calls[call]++;
	memory->calls[FS_CALL_ANY]++;
	if (fault->nth == 0 ||
	    (fault->call != call && fault->call != FS_CALL_ANY) ||
	    (fault->path != NULL && !path_is_in(path, fault->path)))
		return OURO_OK;
	memory->matched++;
	if (memory->matched < fault->nth ||
	    (memory->matched > fault->nth && !fault->for_ever))
		return OURO_OK;
	store->half = call == FS_CALL_WRITE && fault->short_write;
	return error_errno(err, fault->errnum == 0 ? EIO : fault->errnum,
	    "%s: injected fault", path);
}

static const struct store_hooks memory_hooks = { .admit = memory_admit };

struct fs *
fs_memory_new(uint64_t seed)
{
	struct fs_memory *memory = calloc(1, sizeof(*memory));

	if (memory == NULL)
		return NULL;
	if (!fs_store_init(&memory->store, &memory_hooks, seed)) {
		free(memory);
		return NULL;
	}
	return &memory->store.fs;
}

void
fs_memory_free(struct fs *fs)
{
	if (fs == NULL)
		return;
	fs_store_release((struct store *)fs);
	free(fs);
}

void
fs_memory_fault(struct fs *fs, struct fs_fault fault)
{
	struct fs_memory *memory = (struct fs_memory *)fs_store_enter(fs);

	memory->fault = fault;
	memory->matched = 0;
	memset(memory->calls, 0, sizeof(memory->calls));
	fs_store_leave(&memory->store);
}

uint64_t
fs_memory_calls(const struct fs *fs, enum fs_call call)
{
	struct store *store = fs_store_enter((struct fs *)(uintptr_t)fs);
	uint64_t calls = ((struct fs_memory *)store)->calls[call];

	fs_store_leave(store);
	return calls;
}

void
fs_memory_limit(struct fs *fs, uint64_t size)
{
	struct store *store = fs_store_enter(fs);

	store->space_max = size;
	fs_store_leave(store);
}

void
fs_memory_advance(struct fs *fs, uint64_t ms)
{
	struct store *store = fs_store_enter(fs);

	store->clock_ns += ms * 1000000;
	fs_store_leave(store);
}

enum ouro_status
fs_memory_flip(struct fs *fs, const char *path, uint64_t offset, uint8_t mask)
{
	struct store *store = fs_store_enter(fs);
	struct store_node *node = NULL;
	enum ouro_status status = OURO_OK;
	uint8_t byte;

	if (fs_store_find(store, path, &node) != 0) {
		status = OURO_NOT_FOUND;
	} else if (fs_content_read(&node->content, offset, &byte, 1) != 1) {
		status = OURO_INVALID;
	} else {
		byte ^= mask;
		if (!fs_content_write(&node->content, offset, &byte, 1))
			status = OURO_NO_MEMORY;
	}
	fs_store_leave(store);
	return status;
}

/*
 * log_world - what the tests of the log engine share: a store in memory, and
 * ways to look at it, kill it and damage it.
 */
#ifndef ENGINE_LOG_WORLD_H
#define ENGINE_LOG_WORLD_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "engine/log_engine.h"

struct world {
	struct fs *fs;
	struct executor *executor;
	struct engine *engine;
	struct engine_options options;
};

static struct world world;

static inline int
world_begin(void **state)
{
	(void)state;
	world = (struct world){ 0 };
	world.fs = fs_memory_new(3);
	assert_non_null(world.fs);
	assert_int_equal(executor_open_manual(1, world.fs, &world.executor,
			     NULL),
	    OURO_OK);
	world.options.fs = world.fs;
	world.options.executor = world.executor;
	return 0;
}

static inline int
world_end(void **state)
{
	(void)state;
	engine_close(world.engine);
	executor_close(world.executor);
	fs_memory_free(world.fs);
	return 0;
}

static inline void
opened(void)
{
	struct ouro_error err = { 0 };

	engine_close(world.engine);
	if (engine_log_open("/store", &world.options, &world.engine, &err) !=
	    OURO_OK)
		fail_msg("%s", err.text);
}

static inline void
closed(void)
{
	engine_close(world.engine);
	world.engine = NULL;
}

/* Ends without what closing does, as a killed process does. */
static inline void
killed(void)
{
	fs_memory_fault(world.fs,
	    (struct fs_fault){ .call = FS_CALL_ANY,
		.nth = 1,
		.errnum = EIO,
		.for_ever = true });
	closed();
	fs_memory_fault(world.fs, (struct fs_fault){ 0 });
}

static inline enum ouro_status
apply(enum engine_op_kind kind, const char *key, struct bytes value)
{
	struct engine_op op = { .kind = kind,
		.key = bytes_text(key),
		.value = value };

	return engine_apply(world.engine, &op, 1, ENGINE_SYNC_DEFAULT, NULL);
}

static inline void
put(const char *key, const char *value)
{
	assert_int_equal(apply(ENGINE_PUT, key, bytes_text(value)), OURO_OK);
}

static inline void
put_size(const char *key, size_t size)
{
	void *value = calloc(1, size + 1);

	assert_int_equal(apply(ENGINE_PUT, key, bytes_of(value, size)),
	    OURO_OK);
	free(value);
}

static inline void
removed(const char *key)
{
	assert_int_equal(apply(ENGINE_DELETE, key, bytes_of(NULL, 0)), OURO_OK);
}

static inline enum ouro_status
get_status(const char *key, struct ouro_error *err)
{
	struct engine_value value;
	enum ouro_status status = engine_get(world.engine, bytes_text(key),
	    &value, err);

	engine_value_release(&value);
	return status;
}

static inline void
expect(const char *key, const char *expected)
{
	struct engine_value value;

	assert_int_equal(engine_get(world.engine, bytes_text(key), &value,
			     NULL),
	    expected == NULL ? OURO_NOT_FOUND : OURO_OK);
	if (expected != NULL)
		assert_true(bytes_equal(value.bytes, bytes_text(expected)));
	engine_value_release(&value);
}

static inline struct engine_stats
stats(void)
{
	struct engine_stats out;

	assert_int_equal(engine_stats(world.engine, &out, NULL), OURO_OK);
	return out;
}

static inline struct buffer
file_read(const char *path)
{
	struct buffer out = { 0 };

	assert_int_equal(fs_read_file(world.fs, path, 1 << 26, &out, NULL),
	    OURO_OK);
	return out;
}

/* A segment without the zeros that a kill leaves behind its records. */
static inline struct buffer
records_read(const char *path)
{
	struct buffer out = file_read(path);

	while (out.size > 0 && out.data[out.size - 1] == 0)
		out.size--;
	return out;
}

static inline void
file_write(const char *path, struct bytes bytes)
{
	assert_int_equal(fs_write_file(world.fs, path, bytes, NULL), OURO_OK);
}

static inline uint64_t
file_size(const char *path)
{
	struct fs_info info;

	assert_int_equal(fs_stat(world.fs, path, &info, NULL), OURO_OK);
	return info.size;
}

/* Where text lies in a file; it must. */
static inline uint64_t
file_find(const char *path, const char *text)
{
	struct buffer content = file_read(path);
	uint8_t *hit = memmem(content.data, content.size, text, strlen(text));
	uint64_t offset;

	assert_non_null(hit);
	offset = (uint64_t)(hit - content.data);
	buffer_release(&content);
	return offset;
}

static inline void
flip(const char *path, uint64_t offset)
{
	assert_int_equal(fs_memory_flip(world.fs, path, offset, 0x40), OURO_OK);
}

#define SEGMENT(n) "/store/segment-0000000" #n ".dat"

/* What verify and repair tell. */
struct told {
	unsigned count;
	char keys[256]; /* each followed by a space */
	char files[1024];
};

static inline void
tell(void *context, const struct engine_damage *damage)
{
	struct told *told = context;

	told->count++;
	if (damage->key.size > 0)
		strncat(told->keys, (const char *)damage->key.data,
		    damage->key.size);
	strcat(told->keys, " ");
	strcat(told->files, damage->file);
	strcat(told->files, " ");
	assert_non_null(damage->text);
}

static inline struct told
verified(enum ouro_status expected)
{
	struct told told = { 0 };

	assert_int_equal(engine_verify(world.engine, tell, &told, NULL),
	    expected);
	return told;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

#endif

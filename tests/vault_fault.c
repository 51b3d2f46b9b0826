#include "vault_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

const struct thing fault_things_new[THINGS] = {
	[INLINED] = { .size = 100, .seed = 1 },
	[CHUNKED] = { .size = 150000, .seed = 2 },
	[FIRST_VERSION] = { .size = 5000, .seed = 3, .name = "versions" },
	[SECOND_VERSION] = { .size = 140000, .seed = 4, .name = "versions" },
	[WIDE] = { .size = 9000, .seed = 5, .k = 3, .m = 1 },
	[REMOVED] = { .size = 150000, .seed = 2, .name = "shares chunks" },
	[WITH_META] = { .size = 10, .seed = 6, .meta_size = META_SIZE },
	[EMPTY] = { .size = 0, .seed = 7, .name = "empty" },
	[ADDED] = { .size = 6000, .seed = 8, .name = "added", .k = 2, .m = 3 },
};
struct fs_fault fault_present; /* what is being tried */
bool fault_present_stops, fault_present_is_over;
uint8_t fault_data_made[SIZE_MAX_OF], fault_data_read[SIZE_MAX_OF + 1];

#define DIR "/store"

void
fault_data_make(const struct thing *thing)
{
	uint64_t x = thing->seed * 2654435761u + 1;

	for (size_t i = 0; i < thing->size; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		fault_data_made[i] = (uint8_t)(x >> 56);
	}
}

/* ---- calls that may fail ------------------------------------------------------ */

bool
fault_went_well(struct world *world, const char *what, enum ouro_status status,
    const struct ouro_error *err)
{
	if (status == OURO_OK)
		return true;
	world->failed++;
	if ((status != OURO_IO && status != OURO_NO_SPACE &&
		status != OURO_READ_ONLY) ||
	    err->status != status || err->text[0] == '\0')
		fail_msg("%s: %s, error %s: \"%s\"", what,
		    ouro_status_text(status), ouro_status_text(err->status),
		    err->text);
	return false;
}

bool
fault_world_open(struct world *world)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.k = 1,
		.m = 1,
		.level = -1,
		.segment_size = 300000,
		.node = "fault" };
	struct ouro_error err = { 0 };

	if (world->vault != NULL)
		return true;
	return fault_went_well(world, "open",
	    vault_open(DIR, &options, world->fs, world->executor, &world->vault,
		&err),
	    &err);
}

void
fault_world_close(struct world *world)
{
	ouro_vault_close(world->vault);
	world->vault = NULL;
}

enum ouro_status
fault_put_try(struct ouro_vault *vault, const struct thing *thing,
    struct ouro_put_result *result, struct ouro_error *err)
{
	static const uint8_t meta[META_SIZE] = "meta that is kept apart";
	struct ouro_put_options options = { .size = sizeof(options),
		.name = thing->name,
		.k = thing->k,
		.m = thing->m,
		.meta = meta,
		.meta_size = thing->meta_size };
	struct ouro_put *put;
	enum ouro_status status = ouro_put_begin(vault, &options, &put, err);

	if (status != OURO_OK)
		return status;
	fault_data_make(thing);
	status = ouro_put_write(put, fault_data_made, thing->size, err);
	if (status != OURO_OK) {
		ouro_put_abort(put);
		return status;
	}
	return ouro_put_finish(put, result, err);
}

void
fault_thing_put(struct world *world, unsigned which)
{
	struct thing *thing = &world->things[which];
	struct ouro_put_result result = { 0 };
	struct ouro_error err = { 0 };

	if (!fault_world_open(world))
		return;
	if (thing->remove_begun)
		thing->put_done = false;
	thing->remove_begun = thing->remove_done = false;
	if (!fault_went_well(world, "put",
		fault_put_try(world->vault, thing, &result, &err), &err))
		return;
	memcpy(thing->content, result.content, OURO_ID_SIZE);
	memcpy(thing->version, result.version, OURO_ID_SIZE);
	thing->put_done = true;
}

void
fault_thing_remove(struct world *world, unsigned which)
{
	struct thing *thing = &world->things[which];
	struct ouro_remove_options options = { .size = sizeof(options) };
	struct ouro_remove_result result;
	struct ouro_target target;
	struct ouro_error err = { 0 };

	if (!fault_world_open(world) || !thing->put_done)
		return;
	if (!fault_went_well(world, "resolve",
		ouro_resolve(world->vault, thing->name, &target, &err), &err))
		return;
	thing->remove_begun = true;
	thing->remove_done = fault_went_well(world, "remove",
	    ouro_remove(world->vault, &target, &options, NULL, NULL, &result,
		&err),
	    &err);
}

enum ouro_status
fault_bytes_read(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    size_t *size, struct ouro_error *err)
{
	struct ouro_get *get;
	size_t got;
	enum ouro_status status = ouro_get_open(vault, id, &get, err);

	*size = 0;
	if (status != OURO_OK)
		return status;
	do {
		status = ouro_get_read(get, fault_data_read + *size,
		    sizeof(fault_data_read) - *size, &got, err);
		*size += got;
	} while (status == OURO_OK && got > 0);
	ouro_get_close(get);
	return status;
}

bool
fault_thing_reads(struct world *world, const struct thing *thing,
    const uint8_t id[OURO_ID_SIZE])
{
	struct ouro_error err = { 0 };
	size_t got;

	if (!fault_went_well(world, "get",
		fault_bytes_read(world->vault, id, &got, &err), &err))
		return false;
	fault_data_make(thing);
	assert_int_equal(got, thing->size);
	assert_memory_equal(fault_data_read, fault_data_made, got);
	return true;
}

void
fault_thing_get(struct world *world, unsigned which)
{
	const struct thing *thing = &world->things[which];

	if (fault_world_open(world) && thing->put_done)
		fault_thing_reads(world, thing, thing->content);
}

void
fault_world_gc(struct world *world)
{
	struct ouro_gc_result result;
	struct ouro_error err = { 0 };
	enum ouro_status status;

	if (!fault_world_open(world))
		return;
	status = ouro_gc(world->vault, NULL, NULL, &result, &err);
	/* As long as a rebuild that failed was not made good. */
	if (status == OURO_REFUSED && !fault_present_is_over)
		world->failed++;
	else
		fault_went_well(world, "gc", status, &err);
}

void
fault_world_care(struct world *world, care_call *call, bool rebuild)
{
	struct ouro_care_options options = { .size = sizeof(options),
		.rebuild_index = rebuild };
	struct ouro_care_result result;
	struct ouro_error err = { 0 };
	enum ouro_status status;

	if (!fault_world_open(world))
		return;
	status = call(world->vault, &options, &result, &err);
	/* While reading fails everything looks damaged, and is named. */
	if (status == OURO_DAMAGED && !fault_present_is_over) {
		assert_true(err.text[0] != '\0');
		world->failed++;
		return;
	}
	fault_went_well(world, "care", status, &err);
}

void
fault_world_keys(struct world *world)
{
	char recovery[OURO_RECOVERY_TEXT];
	struct ouro_error err = { 0 };

	if (!fault_world_open(world))
		return;
	fault_went_well(world, "rotate", ouro_keys_rotate(world->vault, &err),
	    &err);
	err = (struct ouro_error){ 0 };
	fault_went_well(world, "export",
	    ouro_keys_export(world->vault, recovery, &err), &err);
}

void
fault_world_look(struct world *world)
{
	struct ouro_stats stats;
	struct ouro_error err = { 0 };

	if (fault_world_open(world))
		fault_went_well(world, "stats",
		    ouro_stats(world->vault, &stats, &err), &err);
}

/* ---- running ----------------------------------------------------------------------- */

int
fault_tell(void **state)
{
	(void)state;
	if (fault_present.nth != 0)
		print_error("call kind %d, number %llu, errno %d%s%s%s\n",
		    (int)fault_present.call,
		    (unsigned long long)fault_present.nth, fault_present.errnum,
		    fault_present.for_ever ? ", for ever" : "",
		    fault_present.short_write ? ", short" : "",
		    fault_present_stops ? ", stopping" : "");
	return 0;
}

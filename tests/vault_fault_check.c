#include "vault_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Is that what some thing was made of? Nothing is half visible. */
static bool
bytes_are_known(const struct world *world, size_t size)
{
	for (unsigned i = 0; i < THINGS; i++) {
		if (world->things[i].size != size)
			continue;
		fault_data_make(&world->things[i]);
		if (memcmp(fault_data_made, fault_data_read, size) == 0)
			return true;
	}
	return false;
}

static void
version_check(struct world *world, const uint8_t id[OURO_ID_SIZE])
{
	struct ouro_error err = { 0 };
	size_t got;

	if (fault_bytes_read(world->vault, id, &got, &err) != OURO_OK)
		fail_msg("a version that is there: %s", err.text);
	assert_true(bytes_are_known(world, got));
}

static bool
version_each(void *context, const struct ouro_version *version)
{
	version_check(context, version->id);
	return true;
}

static void
list_check(struct world *world)
{
	struct ouro_list_options options = { .size = sizeof(options),
		.detail = true };
	struct ouro_list *list;
	struct ouro_info info;
	struct ouro_error err = { 0 };
	enum ouro_status status;

	assert_int_equal(ouro_list_open(world->vault, &options, &list, &err),
	    OURO_OK);
	while ((status = ouro_list_next(list, &info, &err)) == OURO_OK) {
		version_check(world, info.version);
		ouro_info_release(&info);
	}
	ouro_list_close(list);
	if (status != OURO_END)
		fail_msg("list: %s", err.text);
	status = ouro_history(world->vault, NULL, "versions", version_each,
	    world, &err);
	assert_true(status == OURO_OK || status == OURO_NOT_FOUND);
}

void
fault_things_check(struct world *world)
{
	struct ouro_target target;

	for (unsigned i = 0; i < THINGS; i++) {
		const struct thing *thing = &world->things[i];

		if (thing->put_done && !thing->remove_begun &&
		    (!fault_thing_reads(world, thing, thing->content) ||
			!fault_thing_reads(world, thing, thing->version)))
			fail_msg("thing %u is lost", i);
		if (thing->remove_done)
			assert_int_equal(ouro_resolve(world->vault, thing->name,
					     &target, NULL),
			    OURO_NOT_FOUND);
	}
	list_check(world);
}

bool
fault_is_read_only(struct world *world)
{
	struct ouro_put_result result;
	struct ouro_error err = { 0 };

	return fault_put_try(world->vault, &fault_things_new[INLINED], &result,
		   &err) == OURO_READ_ONLY;
}

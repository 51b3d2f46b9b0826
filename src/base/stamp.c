#include "base/stamp.h"

#include <assert.h>

#include "base/fs.h"

void
stamp_clock_init(struct stamp_clock *clock, struct fs *fs)
{
	int failed = pthread_mutex_init(&clock->lock, NULL);

	assert(failed == 0);
	(void)failed;
	clock->fs = fs;
	clock->last = 0;
}

void
stamp_clock_release(struct stamp_clock *clock)
{
	pthread_mutex_destroy(&clock->lock);
}

static uint64_t
stamp_above(uint64_t stamp, uint64_t floor)
{
	if (stamp > floor)
		return stamp;
	return floor == UINT64_MAX ? floor : floor + 1;
}

uint64_t
stamp_next(struct stamp_clock *clock, uint64_t after)
{
	uint64_t ms = fs_wall_ms(clock->fs);
	uint64_t stamp;

	if (ms > STAMP_MS_MAX)
		ms = STAMP_MS_MAX;
	pthread_mutex_lock(&clock->lock);
	stamp = stamp_above(stamp_from_ms(ms), clock->last);
	clock->last = stamp;
	pthread_mutex_unlock(&clock->lock);
	return stamp_above(stamp, after);
}

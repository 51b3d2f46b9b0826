/*
 * stamp - a hybrid logical clock: Unix milliseconds and a counter.
 *
 * A stamp is a u64: milliseconds << 16 | counter; numeric order is time
 * order. A clock never steps back within one process and answers each stamp
 * once; a stamp seen in a record never moves it (a record from the future
 * must not drag us along), but only pushes the one answer that has to be
 * larger. Two such answers may be equal: dots tell versions apart.
 */
#ifndef BASE_STAMP_H
#define BASE_STAMP_H

#include <stdint.h>

#include <pthread.h>

struct fs;

struct stamp_clock {
	struct fs *fs; /* source of wall time */
	pthread_mutex_t lock;
	uint64_t last;
};

void stamp_clock_init(struct stamp_clock *clock, struct fs *fs);
void stamp_clock_release(struct stamp_clock *clock);

/* A stamp larger than `after`, and larger than every earlier answer that was
 * not pushed beyond the clock by its own `after`. */
uint64_t stamp_next(struct stamp_clock *clock, uint64_t after);

#define STAMP_MS_MAX (UINT64_MAX >> 16)

static inline uint64_t
stamp_ms(uint64_t stamp)
{
	return stamp >> 16;
}

static inline uint64_t
stamp_from_ms(uint64_t ms)
{
	return ms << 16;
}

#endif

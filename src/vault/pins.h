/*
 * pins - ids that a write in progress relies on.
 *
 * A put pins a chunk, page or content *before* it looks whether that is
 * there; collection removes an id's row only inside pins_guard, which fails
 * while the id is pinned. So either the put sees no row and stores the thing
 * anew, or collection sees the pin and leaves it.
 */
#ifndef VAULT_PINS_H
#define VAULT_PINS_H

#include <pthread.h>

#include "crypt/crypt.h"

struct pin;

/*
 * Whole stretches of time in which collection takes nothing away, although
 * nobody pins or uses it: an export sends what a moment had, and an import
 * brings what nothing refers to yet.
 */
enum pins_hold { PINS_EXPORT, PINS_IMPORT, PINS_HOLDS };

struct pins {
	pthread_mutex_t lock;
	unsigned holds[PINS_HOLDS];
	struct pin **slots;
	size_t slot_count; /* a power of two */
	size_t count;
};

enum ouro_status pins_init(struct pins *pins, struct ouro_error *err);
void pins_release(struct pins *pins);

/* Counted: as many drops as adds. */
enum ouro_status pins_add(struct pins *pins, const uint8_t id[HASH_SIZE],
    struct ouro_error *err);
void pins_drop(struct pins *pins, const uint8_t id[HASH_SIZE]);

/* Locks when id is not pinned and answers true; then pins_unguard. */
bool pins_guard(struct pins *pins, const uint8_t id[HASH_SIZE]);
void pins_unguard(struct pins *pins);

/* Counted. What collection began before is over when hold returns. */
void pins_hold(struct pins *pins, enum pins_hold hold);
void pins_unhold(struct pins *pins, enum pins_hold hold);
/* Between pins_guard and pins_unguard. */
static inline bool
pins_held(const struct pins *pins, enum pins_hold hold)
{
	return pins->holds[hold] > 0;
}

/* The pins that one write holds, to be dropped together. */
struct pin_list {
	struct pins *pins;
	struct buffer ids; /* HASH_SIZE each */
};

enum ouro_status pin_list_add(struct pin_list *list,
    const uint8_t id[HASH_SIZE], struct ouro_error *err);
/* Appends what `from` holds; it is empty afterwards. */
enum ouro_status pin_list_move(struct pin_list *list, struct pin_list *from,
    struct ouro_error *err);
void pin_list_drop(struct pin_list *list);

#endif

#include "vault/pins.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"

#define SLOTS_MIN 256

struct pin {
	struct pin *next;
	uint64_t holders;
	uint8_t id[HASH_SIZE];
};

/* Ids are keyed hashes already: any eight bytes are well spread. */
static struct pin **
pin_slot(const struct pins *pins, const uint8_t id[HASH_SIZE])
{
	return &pins->slots[get_u64le(id) & (pins->slot_count - 1)];
}

static struct pin **
pin_find(const struct pins *pins, const uint8_t id[HASH_SIZE])
{
	struct pin **at = pin_slot(pins, id);

	while (*at != NULL && memcmp((*at)->id, id, HASH_SIZE) != 0)
		at = &(*at)->next;
	return at;
}

enum ouro_status
pins_init(struct pins *pins, struct ouro_error *err)
{
	*pins = (struct pins){ .slot_count = SLOTS_MIN };
	pins->slots = calloc(SLOTS_MIN, sizeof(*pins->slots));
	if (pins->slots == NULL)
		return error_memory(err);
	pthread_mutex_init(&pins->lock, NULL);
	return OURO_OK;
}

void
pins_release(struct pins *pins)
{
	if (pins->slots == NULL)
		return;
	assert(pins->count == 0);
	free(pins->slots);
	pins->slots = NULL;
	pthread_mutex_destroy(&pins->lock);
}

/* Doubles the table when it is full; stays as it is without memory. */
static void
pins_grow(struct pins *pins)
{
	size_t old_count = pins->slot_count;
	struct pin **old = pins->slots;
	struct pin **slots;

	if (pins->count < old_count)
		return;
	slots = calloc(old_count * 2, sizeof(*slots));
	if (slots == NULL)
		return;
	pins->slots = slots;
	pins->slot_count = old_count * 2;
	for (size_t i = 0; i < old_count; i++) {
		while (old[i] != NULL) {
			struct pin *pin = old[i];
			struct pin **slot = pin_slot(pins, pin->id);

			old[i] = pin->next;
			pin->next = *slot;
			*slot = pin;
		}
	}
	free(old);
}

enum ouro_status
pins_add(struct pins *pins, const uint8_t id[HASH_SIZE], struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;
	struct pin **at;

	pthread_mutex_lock(&pins->lock);
	pins_grow(pins);
	at = pin_find(pins, id);
	if (*at == NULL) {
		*at = calloc(1, sizeof(**at));
		if (*at == NULL) {
			status = error_memory(err);
			goto out;
		}
		memcpy((*at)->id, id, HASH_SIZE);
		pins->count++;
	}
	(*at)->holders++;
out:
	pthread_mutex_unlock(&pins->lock);
	return status;
}

void
pins_drop(struct pins *pins, const uint8_t id[HASH_SIZE])
{
	struct pin **at, *pin;

	pthread_mutex_lock(&pins->lock);
	at = pin_find(pins, id);
	pin = *at;
	assert(pin != NULL);
	if (--pin->holders == 0) {
		*at = pin->next;
		free(pin);
		pins->count--;
	}
	pthread_mutex_unlock(&pins->lock);
}

bool
pins_guard(struct pins *pins, const uint8_t id[HASH_SIZE])
{
	pthread_mutex_lock(&pins->lock);
	if (*pin_find(pins, id) == NULL)
		return true;
	pthread_mutex_unlock(&pins->lock);
	return false;
}

void
pins_unguard(struct pins *pins)
{
	pthread_mutex_unlock(&pins->lock);
}

void
pins_hold(struct pins *pins, enum pins_hold hold)
{
	pthread_mutex_lock(&pins->lock);
	pins->holds[hold]++;
	pthread_mutex_unlock(&pins->lock);
}

void
pins_unhold(struct pins *pins, enum pins_hold hold)
{
	pthread_mutex_lock(&pins->lock);
	assert(pins->holds[hold] > 0);
	pins->holds[hold]--;
	pthread_mutex_unlock(&pins->lock);
}

enum ouro_status
pin_list_add(struct pin_list *list, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	enum ouro_status status = buffer_reserve(&list->ids, HASH_SIZE, err);

	if (status == OURO_OK)
		status = pins_add(list->pins, id, err);
	if (status == OURO_OK)
		status = buffer_append(&list->ids, bytes_of(id, HASH_SIZE),
		    err);
	return status;
}

enum ouro_status
pin_list_move(struct pin_list *list, struct pin_list *from,
    struct ouro_error *err)
{
	enum ouro_status status;

	status = buffer_append(&list->ids, buffer_bytes(&from->ids), err);
	if (status == OURO_OK)
		buffer_release(&from->ids);
	return status;
}

void
pin_list_drop(struct pin_list *list)
{
	for (size_t at = 0; at < list->ids.size; at += HASH_SIZE)
		pins_drop(list->pins, list->ids.data + at);
	buffer_release(&list->ids);
}

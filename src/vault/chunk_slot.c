#include "vault/chunk_slot.h"

#include <stdlib.h>

#include "base/error.h"
#include "seal/compress.h"
#include "vault/vault.h"

/* ---- slots ------------------------------------------------------------------- */

static void
chunk_slot_free(struct chunk_slot *slot)
{
	buffer_wipe(&slot->clear);
	free(slot);
}

static enum ouro_status
chunk_slot_new(struct chunk_slot **out, struct ouro_error *err)
{
	struct chunk_slot *slot = calloc(1, sizeof(*slot));
	enum ouro_status status;

	if (slot == NULL)
		return error_memory(err);
	status = buffer_reserve(&slot->clear, CHUNK_SIZE_MAX, err);
	if (status != OURO_OK)
		chunk_slot_free(slot);
	else
		*out = slot;
	return status;
}

enum ouro_status
chunk_slot_take(struct ouro_vault *vault, struct chunk_slot **out,
    struct ouro_error *err)
{
	struct chunk_slot *slot;

	pthread_mutex_lock(&vault->slots_lock);
	slot = vault->slots;
	if (slot != NULL)
		vault->slots = slot->next;
	pthread_mutex_unlock(&vault->slots_lock);
	if (slot == NULL)
		return chunk_slot_new(out, err);
	slot->next = NULL;
	slot->clear.size = 0;
	*out = slot;
	return OURO_OK;
}

void
chunk_slot_give(struct ouro_vault *vault, struct chunk_slot *slot)
{
	if (slot == NULL)
		return;
	pthread_mutex_lock(&vault->slots_lock);
	slot->next = vault->slots;
	vault->slots = slot;
	pthread_mutex_unlock(&vault->slots_lock);
}

/* ---- tools -------------------------------------------------------------------- */

static void
chunk_tools_free(struct chunk_tools *tools)
{
	compressor_free(tools->compressor);
	stripe_release(&tools->stripe);
	free(tools);
}

static enum ouro_status
chunk_tools_new(struct chunk_tools **out, struct ouro_error *err)
{
	struct chunk_tools *tools = calloc(1, sizeof(*tools));
	enum ouro_status status;

	if (tools == NULL)
		return error_memory(err);
	status = compressor_new(&tools->compressor, err);
	if (status != OURO_OK)
		chunk_tools_free(tools);
	else
		*out = tools;
	return status;
}

enum ouro_status
chunk_tools_take(struct ouro_vault *vault, struct chunk_tools **out,
    struct ouro_error *err)
{
	struct chunk_tools *tools;

	pthread_mutex_lock(&vault->slots_lock);
	tools = vault->tools;
	if (tools != NULL)
		vault->tools = tools->next;
	pthread_mutex_unlock(&vault->slots_lock);
	if (tools == NULL)
		return chunk_tools_new(out, err);
	tools->next = NULL;
	*out = tools;
	return OURO_OK;
}

void
chunk_tools_give(struct ouro_vault *vault, struct chunk_tools *tools)
{
	pthread_mutex_lock(&vault->slots_lock);
	tools->next = vault->tools;
	vault->tools = tools;
	pthread_mutex_unlock(&vault->slots_lock);
}

void
chunk_slots_release(struct ouro_vault *vault)
{
	while (vault->slots != NULL) {
		struct chunk_slot *slot = vault->slots;

		vault->slots = slot->next;
		chunk_slot_free(slot);
	}
	while (vault->tools != NULL) {
		struct chunk_tools *tools = vault->tools;

		vault->tools = tools->next;
		chunk_tools_free(tools);
	}
}

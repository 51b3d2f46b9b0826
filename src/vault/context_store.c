/*
 * The stored form of a context's entries (proto/vault.proto, ContextEntry).
 */
#include "vault/context.h"

#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"

enum ouro_status
context_encode(const struct context_entry *entry, struct buffer *out,
    struct ouro_error *err)
{
	Ouro__ContextEntry message = OURO__CONTEXT_ENTRY__INIT;
	size_t count = entry->beyond_count;
	Ouro__Span *spans = calloc(count + 1, sizeof(*spans));
	Ouro__Span **list = calloc(count + 1, sizeof(Ouro__Span *));
	enum ouro_status status;

	if (spans == NULL || list == NULL) {
		status = error_memory(err);
		goto out;
	}
	for (size_t i = 0; i < count; i++) {
		ouro__span__init(&spans[i]);
		spans[i].first = entry->beyond[i].first;
		spans[i].last = entry->beyond[i].last;
		list[i] = &spans[i];
	}
	message.through = entry->through;
	message.n_beyond = count;
	message.beyond = list;
	status = canonical_pack(&message.base, out, err);
out:
	free(list);
	free(spans);
	return status;
}

/* What is wrong with an entry's form, or NULL. */
static const char *
entry_fault(const Ouro__ContextEntry *message)
{
	uint64_t end = message->through;

	if (message->n_beyond > CONTEXT_SPANS_MAX)
		return "it has too many spans";
	if (message->through == 0 && message->n_beyond == 0)
		return "it has no number";
	for (size_t i = 0; i < message->n_beyond; i++) {
		const Ouro__Span *span = message->beyond[i];

		if (span->first == 0 || span->first > span->last)
			return "a span is none";
		if (span->first <= end)
			return "its spans are out of order or overlap";
		if (span->first - 1 == end)
			return "two spans touch";
		end = span->last;
	}
	return NULL;
}

static enum ouro_status
entry_unite(const Ouro__ContextEntry *message,
    const uint8_t incarnation[INCARNATION_SIZE], struct context *into,
    struct ouro_error *err)
{
	struct context_entry entry = { .through = message->through };
	struct context one = { &entry, 1 };
	enum ouro_status status;

	memcpy(entry.incarnation, incarnation, INCARNATION_SIZE);
	entry.beyond = calloc(message->n_beyond + 1, sizeof(*entry.beyond));
	if (entry.beyond == NULL)
		return error_memory(err);
	for (size_t i = 0; i < message->n_beyond; i++)
		entry.beyond[entry.beyond_count++] = (struct dot_span){
			message->beyond[i]->first, message->beyond[i]->last
		};
	status = context_unite(into, &one, err);
	free(entry.beyond);
	return status;
}

enum ouro_status
context_decode(const uint8_t incarnation[INCARNATION_SIZE], struct bytes stored,
    struct context *into, struct ouro_error *err)
{
	ProtobufCMessage *base = NULL;
	const Ouro__ContextEntry *message;
	const char *fault;
	enum ouro_status status;

	status = canonical_unpack(&ouro__context_entry__descriptor, stored,
	    &base, "context entry", err);
	if (status != OURO_OK)
		return status;
	message = (const Ouro__ContextEntry *)base;
	fault = entry_fault(message);
	if (fault != NULL)
		status = error_set(err, OURO_DAMAGED, "context entry: %s",
		    fault);
	else
		status = entry_unite(message, incarnation, into, err);
	canonical_free(base);
	return status;
}

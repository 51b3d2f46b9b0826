#include "engine/run_node.h"

#include <assert.h>

bool
run_entry_place(const uint8_t *page, const uint8_t *at, const uint64_t *ids,
    uint32_t id_count, struct place *out)
{
	const uint8_t *end = page + RUN_ROOM;
	uint64_t value_size = 0, segment = 0, batch_offset = 0, clear_size = 0;

	at = varint_get(at, end, &value_size);
	if (at != NULL)
		at = varint_get(at, end, &out->sequence);
	if (at != NULL)
		at = varint_get(at, end, &segment);
	if (at != NULL)
		at = varint_get(at, end, &out->offset);
	if (at != NULL)
		at = varint_get(at, end, &batch_offset);
	if (at != NULL && (segment & 4) != 0)
		at = varint_get(at, end, &clear_size);
	if (at == NULL || value_size > UINT32_MAX ||
	    batch_offset > UINT32_MAX || clear_size > UINT32_MAX ||
	    segment >> 3 >= id_count || (segment & 3) > PLACE_DAMAGED)
		return false;
	out->segment = ids[segment >> 3];
	out->value_size = (uint32_t)value_size;
	out->batch_offset = (uint32_t)batch_offset;
	out->state = segment & 3;
	out->packed = (segment & 4) != 0;
	out->clear_size = (uint32_t)clear_size;
	return true;
}

bool
run_node_rank(const uint8_t *page, struct bytes key, bool equal, unsigned *out)
{
	unsigned low = 0, high = run_node_count(page);

	while (low < high) {
		unsigned middle = (low + high) / 2;
		struct bytes at;
		int order;

		if (run_node_key(page, middle, &at) == NULL)
			return false;
		order = bytes_compare(at, key);
		if (order < 0 || (equal && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	*out = low;
	return true;
}

void
run_node_begin(struct run_node *node, unsigned level)
{
	memset(node->page, 0, RUN_PAGE);
	node->page[2] = (uint8_t)level;
	node->count = 0;
	node->used = RUN_NODE_HEAD;
}

static unsigned
varint_size(uint64_t value)
{
	return value < 0x80 ? 1 : 1 + varint_size(value >> 7);
}

bool
run_node_add(struct run_node *node, struct bytes key, struct bytes tail,
    unsigned *offset)
{
	size_t size = varint_size(key.size) + key.size + tail.size;
	uint8_t *at = node->page + node->used;

	if (node->used + size + 2 * (node->count + 1) > RUN_ROOM)
		return false;
	*offset = node->used;
	node->count++;
	put_u16le(node->page, (uint16_t)node->count);
	put_u16le(node->page + RUN_ROOM - 2 * node->count,
	    (uint16_t)node->used);
	node->used += (unsigned)size;
	at = varint_put(at, key.size);
	if (key.size > 0)
		memcpy(at, key.data, key.size);
	memcpy(at + key.size, tail.data, tail.size);
	assert(at + key.size + tail.size == node->page + node->used);
	return true;
}

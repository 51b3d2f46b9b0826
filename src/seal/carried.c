#include "seal/carried.h"

#include "base/error.h"
#include "seal/salvage.h"

/* Head and room for all data slices; the sealed bytes end where the last one's
 * zeros begin. */
static enum ouro_status
carried_fill(struct salvage *salvage, struct buffer *out,
    struct ouro_error *err)
{
	struct slice common = *salvage->of;
	uint8_t id[STRIPE_ID_SIZE];
	size_t head;
	enum ouro_status status;

	common.index = 0;
	common.count = common.k;
	head = slice_head_size(&common);
	status = buffer_resize(out, head + common.k * salvage->size, err);
	if (status)
		return status;
	status = salvage_rebuild(salvage, out->data + head, err);
	if (status)
		return status;
	out->size = head + common.sealed_size;
	return slice_head_write(&common, out->data, id, err);
}

enum ouro_status
carried_encode(const struct slice *const slices[SLICES_MAX], struct buffer *out,
    struct ouro_error *err)
{
	struct salvage salvage;
	enum ouro_status status = salvage_begin(&salvage, slices, err);

	return status ? status : carried_fill(&salvage, out, err);
}

enum ouro_status
carried_decode(struct bytes bytes, struct carried *out, struct ouro_error *err)
{
	size_t head = 0;
	enum ouro_status status = slice_head_decode(bytes, &out->of, &head,
	    err);

	out->sealed = (struct bytes){ 0 };
	if (status)
		return status;
	if (out->of.index != 0 || out->of.count != out->of.k)
		return error_set(err, OURO_DAMAGED,
		    "a stripe is not as it travels");
	if (bytes.size - head != out->of.sealed_size)
		return error_set(err, OURO_DAMAGED,
		    "a stripe of %u sealed bytes has %zu",
		    (unsigned)out->of.sealed_size, bytes.size - head);
	out->sealed = bytes_of(bytes.data + head, bytes.size - head);
	return OURO_OK;
}

void
carried_release(struct carried *carried)
{
	slice_release(&carried->of);
	carried->sealed = (struct bytes){ 0 };
}

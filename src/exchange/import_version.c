#include "exchange/import_version.h"

#include <stdlib.h>

#include "base/stamp.h"
#include "vault/name.h"
#include "vault/vault.h"

/* The lists and texts are borrowed from the record for the call. */
void
import_version_tell(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref, ouro_each_version *each, void *context)
{
	uint8_t(*previous)[OURO_ID_SIZE] = calloc(ref->n_previous + 1,
	    sizeof(*previous));
	struct ouro_version version = {
		.deletion = ref->target.len == 0,
		.expired = ref->expires != 0 &&
		    ref->expires <= fs_wall_ms(vault->fs),
		.stamp = ref->stamp,
		.saved_ms = stamp_ms(ref->stamp),
		.expires_ms = ref->expires,
		.mode = ref->mode,
		.previous = previous,
		.previous_count = previous != NULL ? ref->n_previous : 0,
		.namespace_ = ref->namespace_,
		.path = ref->path,
		.owner = ref->owner,
		.group = ref->group,
		.writer = ref->writer,
	};

	memcpy(version.id, id, OURO_ID_SIZE);
	memcpy(version.uuid, ref->uuid.data, UUID_SIZE);
	if (!version.deletion)
		memcpy(version.content, ref->target.data, OURO_ID_SIZE);
	for (size_t i = 0; i < version.previous_count; i++)
		memcpy(previous[i], ref->previous[i].data, OURO_ID_SIZE);
	(void)each(context, &version);
	free(previous);
}
